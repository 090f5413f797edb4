/* peer - spandsp's fax modems as a servant on standard input and output.
 *
 * It uses the installed library's public interface only. A request is a line,
 * followed by as many octets as it says; so is an answer.
 *
 *   tx MODE SHORT NBITS   + NBITS octets 0 or 1      a burst: training, then the bits
 *      samples N          + 2*N octets (16 bit, little endian)
 *   rx MODE HOW NSAMPLES  + 2*NSAMPLES octets        HOW: new, short (restart for a short
 *      events N           + N octets                 training, same receiver), more
 *   cost MODE SECONDS
 *      cost TX RX                                    ns of processor time a sample
 *   wait MODE any NSAMPLES + 2*NSAMPLES octets       a new receiver hears what is no signal of its mode
 *      cost RX EVENTS                                ns of processor time a sample; carriers it took it for
 *
 * Events are '0' and '1' for bits, 'U' and 'D' for carrier up and down, 'T' and
 * 'F' for training succeeded and failed.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tiffio.h>
#include <spandsp.h>

#define LEVEL       -13.0f      /* dBm0 */
#define BLOCK       160
#define V21_CUTOFF  -39.09f     /* dBm0: the thresholds that spandsp's own fax engine sets */
#define V29_CUTOFF  -45.5f

enum family { V21, V27TER, V29, V17 };

struct mode {
    const char *name;
    enum family family;
    int rate;
};

static const struct mode modes[] = {
    {"v21", V21, 300},
    {"v27ter-2400", V27TER, 2400}, {"v27ter-4800", V27TER, 4800},
    {"v29-7200", V29, 7200}, {"v29-9600", V29, 9600},
    {"v17-7200", V17, 7200}, {"v17-9600", V17, 9600}, {"v17-12000", V17, 12000}, {"v17-14400", V17, 14400},
};

static void die(const char *what)
{
    fprintf(stderr, "peer: %s\n", what);
    exit(1);
}

static const struct mode *find(const char *name)
{
    for (size_t i = 0; i < sizeof(modes)/sizeof(modes[0]); i++)
        if (strcmp(modes[i].name, name) == 0)
            return &modes[i];
    die("no such mode");
    return NULL;
}

/* ---- octets that grow ---- */

struct octets {
    uint8_t *p;
    size_t n, cap;
};

static void add(struct octets *o, const void *p, size_t n)
{
    if (o->n + n > o->cap) {
        o->cap = 2*(o->n + n) + 65536;
        if ((o->p = realloc(o->p, o->cap)) == NULL)
            die("no memory");
    }
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void *take(size_t n)
{
    void *p = malloc(n + 1);

    if (p == NULL || fread(p, 1, n, stdin) != n)
        die("request cut off");
    return p;
}

static void answer(const char *what, size_t count, const void *p, size_t n)
{
    printf("%s %zu\n", what, count);
    fwrite(p, 1, n, stdout);
    fflush(stdout);
}

/* ---- transmitter ---- */

struct source {
    const uint8_t *bits;        /* NULL: random for ever */
    size_t n, at;
    uint32_t random;
};

static int get_bit(void *arg)
{
    struct source *s = arg;

    if (s->bits == NULL) {
        s->random = s->random*1664525u + 1013904223u;
        return (int) (s->random >> 31);
    }
    return s->at < s->n ? s->bits[s->at++] : SIG_STATUS_END_OF_DATA;
}

static void *tx_new(const struct mode *m, int short_train, struct source *s)
{
    void *t = NULL;

    switch (m->family) {
    case V21:
        t = fsk_tx_init(NULL, &preset_fsk_specs[FSK_V21CH2], get_bit, s);
        fsk_tx_power(t, LEVEL);
        break;
    case V27TER:
        t = v27ter_tx_init(NULL, m->rate, FALSE, get_bit, s);
        v27ter_tx_power(t, LEVEL);
        break;
    case V29:
        t = v29_tx_init(NULL, m->rate, FALSE, get_bit, s);
        v29_tx_power(t, LEVEL);
        break;
    case V17:
        t = v17_tx_init(NULL, m->rate, FALSE, get_bit, s);
        v17_tx_power(t, LEVEL);
        if (short_train)
            v17_tx_restart(t, m->rate, FALSE, TRUE);
        break;
    }
    return t;
}

static int tx_run(const struct mode *m, void *t, int16_t *out, int n)
{
    switch (m->family) {
    case V21: return fsk_tx(t, out, n);
    case V27TER: return v27ter_tx(t, out, n);
    case V29: return v29_tx(t, out, n);
    default: return v17_tx(t, out, n);
    }
}

static void tx_free(const struct mode *m, void *t)
{
    switch (m->family) {
    case V21: fsk_tx_free(t); break;
    case V27TER: v27ter_tx_free(t); break;
    case V29: v29_tx_free(t); break;
    case V17: v17_tx_free(t); break;
    }
}

static void do_tx(const struct mode *m, int short_train, size_t nbits)
{
    struct source s = {take(nbits), nbits, 0, 0};
    struct octets out = {0};
    void *t = tx_new(m, short_train, &s);
    int16_t buf[BLOCK];
    int got;

    do {
        got = tx_run(m, t, buf, BLOCK);
        add(&out, buf, 2*(size_t) got);
    } while (got == BLOCK);
    answer("samples", out.n/2, out.p, out.n);
    tx_free(m, t);
    free((void *) s.bits);
    free(out.p);
}

/* ---- receiver ---- */

static struct octets events;
static long counted;
static int counting;

static void put_bit(void *arg, int bit)
{
    uint8_t e;

    (void) arg;
    if (bit >= 0 && counting) {
        counted++;
        return;
    }
    switch (bit) {
    case SIG_STATUS_CARRIER_UP: e = 'U'; break;
    case SIG_STATUS_CARRIER_DOWN: e = 'D'; break;
    case SIG_STATUS_TRAINING_SUCCEEDED: e = 'T'; break;
    case SIG_STATUS_TRAINING_FAILED: e = 'F'; break;
    case 0: e = '0'; break;
    case 1: e = '1'; break;
    default: return;
    }
    add(&events, &e, 1);
}

static void *rx_new(const struct mode *m)
{
    void *r = NULL;

    switch (m->family) {
    case V21:
        r = fsk_rx_init(NULL, &preset_fsk_specs[FSK_V21CH2], FSK_FRAME_MODE_SYNC, put_bit, NULL);
        fsk_rx_signal_cutoff(r, V21_CUTOFF);
        break;
    case V27TER:
        r = v27ter_rx_init(NULL, m->rate, put_bit, NULL);
        break;
    case V29:
        r = v29_rx_init(NULL, m->rate, put_bit, NULL);
        v29_rx_signal_cutoff(r, V29_CUTOFF);
        break;
    case V17:
        r = v17_rx_init(NULL, m->rate, put_bit, NULL);
        break;
    }
    return r;
}

static void rx_free(const struct mode *m, void *r)
{
    switch (m->family) {
    case V21: fsk_rx_free(r); break;
    case V27TER: v27ter_rx_free(r); break;
    case V29: v29_rx_free(r); break;
    case V17: v17_rx_free(r); break;
    }
}

static void rx_run(const struct mode *m, void *r, const int16_t *s, size_t n)
{
    while (n > 0) {
        int len = n > BLOCK ? BLOCK : (int) n;

        switch (m->family) {
        case V21: fsk_rx(r, s, len); break;
        case V27TER: v27ter_rx(r, s, len); break;
        case V29: v29_rx(r, s, len); break;
        case V17: v17_rx(r, s, len); break;
        }
        s += len;
        n -= (size_t) len;
    }
}

static void do_rx(const struct mode *m, const char *how, size_t n)
{
    static void *r;
    static const struct mode *mode;
    int16_t *s = take(2*n);

    events.n = 0;
    if (strcmp(how, "new") == 0) {
        if (r != NULL)
            rx_free(mode, r);
        mode = m;
        r = rx_new(m);
    } else if (mode != m) {
        die("another mode than before");
    } else if (strcmp(how, "short") == 0) {
        v17_rx_restart(r, m->rate, TRUE);
    }
    rx_run(m, r, s, n);
    answer("events", events.n, events.p, events.n);
    free(s);
}

/* ---- cost ---- */

static double cpu(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double) t.tv_sec*1e9 + (double) t.tv_nsec;
}

/* Training is left out of the transmitter's time, and is a small part of the receiver's. */
static void do_cost(const struct mode *m, long seconds)
{
    struct source s = {NULL, 0, 0, 1};
    void *t = tx_new(m, 0, &s);
    size_t total = (size_t) seconds*SAMPLE_RATE/BLOCK*BLOCK;
    int16_t *audio = malloc(2*total);
    double tx, rx;
    int16_t skip[BLOCK];
    void *r = rx_new(m);

    if (audio == NULL)
        die("no memory");
    for (size_t at = 0; at < total; at += BLOCK)
        tx_run(m, t, audio + at, BLOCK);
    tx = cpu();
    for (size_t at = 0; at < total; at += BLOCK)
        tx_run(m, t, skip, BLOCK);
    tx = (cpu() - tx)/(double) total;
    counting = 1;
    rx_run(m, r, audio, 2*SAMPLE_RATE);
    rx = cpu();
    rx_run(m, r, audio + 2*SAMPLE_RATE, total - 2*SAMPLE_RATE);
    rx = (cpu() - rx)/(double) (total - 2*SAMPLE_RATE);
    counting = 0;
    printf("cost %.2f %.2f\n", tx, rx);
    fflush(stdout);
    tx_free(m, t);
    rx_free(m, r);
    free(audio);
}

/* What it makes of the line is cut off after every second, as a fax engine's
 * timer would: some receivers cost nothing any more once they took noise for a
 * training that failed. */
static void do_wait(const struct mode *m, size_t n)
{
    int16_t *s = take(2*n);
    void *r = NULL;
    double spent = 0.0;
    long taken = 0;

    for (size_t at = 0; at < n; at += SAMPLE_RATE) {
        size_t len = n - at > SAMPLE_RATE ? SAMPLE_RATE : n - at;
        double from;

        if (r != NULL)
            rx_free(m, r);
        r = rx_new(m);
        events.n = 0;
        from = cpu();
        rx_run(m, r, s + at, len);
        spent += cpu() - from;
        for (size_t i = 0; i < events.n; i++)
            taken += events.p[i] == 'U';
    }
    if (r != NULL)
        rx_free(m, r);
    printf("cost %.2f %ld\n", n > 0 ? spent/(double) n : 0.0, taken);
    fflush(stdout);
    free(s);
}

int main(void)
{
    char line[128], verb[16], name[32], how[16];
    long n;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        if (sscanf(line, "%15s %31s %15s %ld", verb, name, how, &n) == 4 && n >= 0) {
            if (strcmp(verb, "tx") == 0)
                do_tx(find(name), atoi(how), (size_t) n);
            else if (strcmp(verb, "rx") == 0)
                do_rx(find(name), how, (size_t) n);
            else if (strcmp(verb, "wait") == 0)
                do_wait(find(name), (size_t) n);
            else
                die("no such request");
        } else if (sscanf(line, "cost %31s %ld", name, &n) == 2 && n > 2) {
            do_cost(find(name), n);
        } else {
            die("request not understood");
        }
    }
    return 0;
}
