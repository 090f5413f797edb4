/* fax - one end of a fax call by spandsp's own engine, on standard input and
 * output: 16 bit samples, 160 out and 160 in by turns, as fast as the other end
 * can. It hangs up by ending its output, and then says on one line of standard
 * error how it went:
 *
 *   result=0 text="OK" rate=14400 ecm=1 sent=3 received=0 badrows=0 retries=0 ident="..."
 *
 *   fax caller|answer [send=FILE] [receive=FILE] [ecm=0|1] [modems=LETTERS] [code=mh|mr|mmr]
 *       [ident=NUMBER] [password=DIGITS] [selective=DIGITS] [debug=1]
 *
 * An answerer that has a file to send offers it to be polled; a caller that has
 * only a place to receive polls, with password (PWD) and address (SEP). Before the
 * result stands on a line of its own what the other end gave of these:
 *
 *   heard password="1234" selective="77"
 *
 * modems: 2 for V.27ter, 9 for V.29, 7 for V.17; "297" is all of them.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>
#include <spandsp.h>

#define BLOCK       160
#define DRAIN       (3*SAMPLE_RATE/BLOCK)   /* blocks after the end, for the other end to come to its own */

static int over;
static int result;

static void phase_e(t30_state_t *t, void *arg, int code)
{
    (void) t;
    (void) arg;
    over = 1;
    result = code;
}

static void report(t30_state_t *t)
{
    t30_stats_t s;
    const char *ident = t30_get_rx_ident(t);
    const char *password = t30_get_rx_password(t);
    const char *selective = t30_get_rx_selective_polling_address(t);

    fprintf(stderr, "heard password=\"%s\" selective=\"%s\"\n", password ? password : "", selective ? selective : "");
    t30_get_transfer_statistics(t, &s);
    fprintf(stderr, "result=%d text=\"%s\" rate=%d ecm=%d sent=%d received=%d badrows=%d retries=%d ident=\"%s\"\n",
            over ? result : -1, over ? t30_completion_code_to_str(result) : "the other end went away",
            s.bit_rate, s.error_correcting_mode, s.pages_tx, s.pages_rx, s.bad_rows,
            s.error_correcting_mode_retries, ident ? ident : "");
}

static const char *value(const char *arg, const char *name)
{
    size_t n = strlen(name);

    return strncmp(arg, name, n) == 0 && arg[n] == '=' ? arg + n + 1 : NULL;
}

static int modems_of(const char *letters)
{
    int m = 0;

    for (; *letters; letters++)
        m |= *letters == '2' ? T30_SUPPORT_V27TER : *letters == '9' ? T30_SUPPORT_V29 :
             *letters == '7' ? T30_SUPPORT_V17 : 0;
    return m;
}

static void set(t30_state_t *t, logging_state_t *log, const char *arg)
{
    const char *v;

    if ((v = value(arg, "send")) != NULL)
        t30_set_tx_file(t, v, -1, -1);
    else if ((v = value(arg, "receive")) != NULL)
        t30_set_rx_file(t, v, -1);
    else if ((v = value(arg, "ecm")) != NULL)
        t30_set_ecm_capability(t, atoi(v));
    else if ((v = value(arg, "modems")) != NULL)
        t30_set_supported_modems(t, modems_of(v));
    else if ((v = value(arg, "ident")) != NULL)
        t30_set_tx_ident(t, v);
    else if ((v = value(arg, "password")) != NULL)
        t30_set_tx_password(t, v);
    else if ((v = value(arg, "selective")) != NULL)
        t30_set_tx_selective_polling_address(t, v);
    else if ((v = value(arg, "code")) != NULL)
        t30_set_supported_compressions(t, T30_SUPPORT_T4_1D_COMPRESSION
            | (strcmp(v, "mh") ? T30_SUPPORT_T4_2D_COMPRESSION : 0)
            | (strcmp(v, "mmr") ? 0 : T30_SUPPORT_T6_COMPRESSION));
    else if (value(arg, "debug") != NULL)
        span_log_set_level(log, SPAN_LOG_SHOW_SEVERITY | SPAN_LOG_SHOW_PROTOCOL | SPAN_LOG_FLOW);
    else {
        fprintf(stderr, "fax: what is %s?\n", arg);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    int16_t buf[BLOCK];
    fax_state_t *f;
    t30_state_t *t;
    int drain = DRAIN;
    int caller;

    if (argc < 2 || (strcmp(argv[1], "caller") != 0 && strcmp(argv[1], "answer") != 0)) {
        fprintf(stderr, "usage: fax caller|answer [name=value ...]\n");
        return 2;
    }
    caller = strcmp(argv[1], "caller") == 0;
    f = fax_init(NULL, caller);
    t = fax_get_t30_state(f);
    fax_set_transmit_on_idle(f, TRUE);
    t30_set_ecm_capability(t, TRUE);
    t30_set_supported_modems(t, modems_of("297"));
    t30_set_supported_image_sizes(t, T30_SUPPORT_US_LETTER_LENGTH | T30_SUPPORT_US_LEGAL_LENGTH | T30_SUPPORT_UNLIMITED_LENGTH
        | T30_SUPPORT_215MM_WIDTH | T30_SUPPORT_255MM_WIDTH | T30_SUPPORT_303MM_WIDTH);
    t30_set_supported_resolutions(t, T30_SUPPORT_STANDARD_RESOLUTION | T30_SUPPORT_FINE_RESOLUTION | T30_SUPPORT_SUPERFINE_RESOLUTION
        | T30_SUPPORT_R8_RESOLUTION | T30_SUPPORT_R16_RESOLUTION | T30_SUPPORT_300_300_RESOLUTION | T30_SUPPORT_400_400_RESOLUTION);
    t30_set_supported_compressions(t, T30_SUPPORT_T4_1D_COMPRESSION | T30_SUPPORT_T4_2D_COMPRESSION | T30_SUPPORT_T6_COMPRESSION);
    t30_set_supported_t30_features(t, T30_SUPPORT_IDENTIFICATION | T30_SUPPORT_SELECTIVE_POLLING | T30_SUPPORT_SUB_ADDRESSING);
    t30_set_phase_e_handler(t, phase_e, NULL);
    for (int i = 2; i < argc; i++)
        set(t, fax_get_logging_state(f), argv[i]);
    while (drain > 0) {
        int n = fax_tx(f, buf, BLOCK);

        if (n < BLOCK)
            memset(buf + n, 0, sizeof(int16_t)*(size_t) (BLOCK - n));
        if (fwrite(buf, sizeof(int16_t), BLOCK, stdout) != BLOCK || fflush(stdout) != 0)
            break;
        if (fread(buf, sizeof(int16_t), BLOCK, stdin) != BLOCK)
            break;
        fax_rx(f, buf, BLOCK);
        drain -= over;
    }
    if (!over)
        fax_release(f);
    report(t);
    return over && result == T30_ERR_OK ? 0 : 1;
}
