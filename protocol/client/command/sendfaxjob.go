package command

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
)

// faxJob holds the parameters of a job: those of the prototype, which options change, are copied for
// each destination.
type faxJob struct {
	number, external, subAddress, recipient string

	tag, tagLine, tsi, password, doneOp, pageRange, mailbox string
	useTagLine                                              bool
	sendTime, killTime, retryTime                           string
	pageSize, pageChop                                      string
	notify                                                  client.Notification
	maxTries, maxDials, priority                            int
	minSpeed, speed, scanline                               int // -1: left to the server
	ecm                                                     *bool
	dataFormat                                              string
	vres, hres, chopThreshold                               float64
	highest                                                 bool
	width, length                                           int // millimetres

	autoCover                                               bool
	template, comments, regarding, voice, company, location string
	fromVoice, fromFax, fromCompany, fromLocation           string
}

// newFaxJob returns HylaFAX's defaults.
func newFaxJob() faxJob {
	return faxJob{
		killTime: "now + 3 hours", pageSize: "default", pageChop: "default", notify: client.NotifyFailure,
		maxTries: 3, maxDials: 12, priority: client.DefaultPriority,
		minSpeed: client.Unset, speed: client.Unset, scanline: client.Unset,
		vres: 98, hres: 204, chopThreshold: 3, autoCover: true,
	}
}

// Speeds and times by their numbers (sendq(5)).
func speedNumber(value string) int {
	speeds := []string{"2400", "4800", "7200", "9600", "12000", "14400", "16800", "19200", "21600", "24000", "26400", "28800", "31200", "33600"}
	return indexOf(speeds, value)
}

// speed14400 is the fastest speed without error correction.
const speed14400 = 5

func scanlineNumber(value string) int {
	times := []string{"0ms", "5ms", "10ms2", "10ms", "20ms2", "20ms", "40ms2", "40ms"}
	if n := indexOf(times, strings.ToLower(value)); n >= 0 {
		return n
	}
	return indexOf([]string{"0", "1", "2", "3", "4", "5", "6", "7"}, value)
}

func indexOf(list []string, value string) int {
	for i, v := range list {
		if v == value {
			return i
		}
	}
	return -1
}

// Priorities by name (sendfax(1)).
func parsePriority(value string) (int, error) {
	switch strings.ToLower(value) {
	case "default", "normal":
		return 127, nil
	case "bulk", "junk":
		return 191, nil
	case "low":
		return 190, nil
	case "high":
		return 63, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 0 || n > 255 {
		return 0, fmt.Errorf("priority %q is none of 0 to 255, default, bulk, low, high", value)
	}
	return n, nil
}

// setNotify takes "done", "requeued", "none" or "default", with "when" before it or not.
func (j *faxJob) setNotify(value string) error {
	v := strings.ToLower(strings.TrimSpace(value))
	v = strings.TrimSpace(strings.TrimPrefix(v, "when"))
	switch {
	case v == "done":
		j.notify = client.NotifyDone
	case strings.HasPrefix(v, "req"):
		j.notify = client.NotifyRequeue
	case v == "none", v == "off", v == "default":
		j.notify = client.NotifyFailure
	default:
		return fmt.Errorf("notification %q is none of done, requeued, none, default", value)
	}
	return nil
}

func (j *faxJob) setMinSpeed(value string) error {
	if j.minSpeed = speedNumber(value); j.minSpeed < 0 {
		return fmt.Errorf("speed %q is none of 2400, 4800, 7200, 9600, 12000, 14400 and so on to 33600", value)
	}
	return nil
}

func (j *faxJob) setSpeed(value string) error {
	if j.speed = speedNumber(value); j.speed < 0 {
		return fmt.Errorf("speed %q is none of 2400, 4800, 7200, 9600, 12000, 14400 and so on to 33600", value)
	}
	return nil
}

func (j *faxJob) setScanline(value string) error {
	if j.scanline = scanlineNumber(value); j.scanline < 0 {
		return fmt.Errorf("minimum scanline time %q is none of 0ms, 5ms, 10ms2, 10ms, 20ms2, 20ms, 40ms2, 40ms", value)
	}
	return nil
}

func (j *faxJob) setDataFormat(value string) error {
	formats := map[string]string{
		"0": "g31d", "1d": "g31d", "1dmh": "g31d", "1dmr": "g31d", "1": "g32d", "2d": "g32d", "2dmr": "g32d",
		"2dmruncomp": "g32d", "3": "g4", "2dmmr": "g4",
	}
	f, ok := formats[strings.ToLower(value)]
	if !ok {
		return fmt.Errorf("data format %q is none of 1d, 2d, 2dmmr", value)
	}
	j.dataFormat = f
	return nil
}

// parseRetryTime parses seconds, or a number with min, hour or day behind it.
func parseRetryTime(value string) (time.Duration, error) {
	end := strings.IndexFunc(value, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(value)
	}
	n, err := strconv.Atoi(value[:end])
	unit := strings.ToLower(strings.TrimSpace(value[end:]))
	if err != nil {
		return 0, fmt.Errorf("retry time %q is no number of seconds, min, hour or day", value)
	}
	scale := time.Second
	switch {
	case unit == "":
	case strings.HasPrefix(unit, "min"):
		scale = time.Minute
	case strings.HasPrefix(unit, "hour"):
		scale = time.Hour
	case strings.HasPrefix(unit, "day"):
		scale = 24 * time.Hour
	default:
		return 0, fmt.Errorf("retry time %q is no number of seconds, min, hour or day", value)
	}
	return time.Duration(n) * scale, nil
}

// set sets a parameter of a configuration file; ok is false for one that is not a job's.
func (j *faxJob) set(item protocol.ConfigItem) (ok bool, err error) {
	v := item.Value
	if p := j.text(item.Tag); p != nil {
		*p = v
		j.useTagLine = j.useTagLine || item.Tag == "tagline"
		return true, nil
	}
	number := func(p *int) (err error) {
		if *p, err = strconv.Atoi(v); err != nil {
			return fmt.Errorf("%s: %q is not a number", item.Tag, v)
		}
		return nil
	}
	float := func(p *float64) (err error) {
		if *p, err = strconv.ParseFloat(v, 64); err != nil {
			return fmt.Errorf("%s: %q is not a number", item.Tag, v)
		}
		return nil
	}
	switch item.Tag {
	case "maxtries":
		return true, number(&j.maxTries)
	case "maxdials":
		return true, number(&j.maxDials)
	case "hres":
		return true, float(&j.hres)
	case "vres":
		return true, float(&j.vres)
	case "chopthreshold":
		return true, float(&j.chopThreshold)
	case "pagewidth", "pagelength":
		var mm float64
		err := float(&mm)
		if item.Tag == "pagewidth" {
			j.width = int(mm)
		} else {
			j.length = int(mm)
		}
		return true, err
	case "priority":
		j.priority, err = parsePriority(v)
		return true, err
	}
	return j.setMore(item.Tag, v)
}

func (j *faxJob) setMore(tag, v string) (ok bool, err error) {
	switch tag {
	case "autocoverpage":
		j.autoCover = isTrue(v)
	case "notify", "notification":
		return true, j.setNotify(v)
	case "minspeed":
		return true, j.setMinSpeed(v)
	case "desiredspeed":
		return true, j.setSpeed(v)
	case "desiredmst":
		return true, j.setScanline(v)
	case "desireddf":
		return true, j.setDataFormat(v)
	case "desiredec":
		ecm := isTrue(v) || v == "1" || v == "2"
		j.ecm = &ecm
	case "usexvres":
		j.highest = isTrue(v)
	case "pagechop":
		j.pageChop = strings.ToLower(v)
	default:
		return false, nil
	}
	return true, nil
}

func (j *faxJob) text(tag string) *string {
	return map[string]*string{
		"tagline": &j.tagLine, "tsi": &j.tsi, "sendtime": &j.sendTime, "killtime": &j.killTime, "pagesize": &j.pageSize,
		"jobtag": &j.tag, "subaddress": &j.subAddress, "password": &j.password, "cover-template": &j.template,
		"cover-comments": &j.comments, "cover-regarding": &j.regarding, "cover-company": &j.company,
		"cover-location": &j.location, "cover-voice": &j.voice, "cover-from-location": &j.fromLocation,
		"cover-from-fax": &j.fromFax, "cover-from-voice": &j.fromVoice, "cover-from-company": &j.fromCompany,
		"pagerange": &j.pageRange, "mailaddr": &j.mailbox, "retrytime": &j.retryTime,
	}[tag]
}

// request makes the request for the server. now is the user's clock.
func (j *faxJob) request(now time.Time) (*client.Request, error) {
	r := &client.Request{
		Number: j.number, External: j.external, SubAddress: j.subAddress, Password: j.password, Mail: j.mailbox,
		Tag: j.tag, Receiver: j.recipient, ReceiverCompany: j.company, ReceiverLocation: j.location,
		ReceiverVoice: j.voice, SenderCompany: j.fromCompany, SenderLocation: j.fromLocation, SenderVoice: j.fromVoice,
		Regarding: j.regarding, Priority: j.priority, MaxDials: j.maxDials, MaxTries: j.maxTries,
		Resolution: int(j.vres), UseHighestResolution: j.highest, PageWidth: j.width, PageLength: j.length,
		PageRange: j.pageRange, PageChop: j.pageChop, ChopThreshold: j.chopThreshold, ECM: j.ecm, DataFormat: j.dataFormat,
		TSI: j.tsi, DoneOperation: j.doneOp, Notify: j.notify,
		MinimumRate: optional(j.minSpeed), DesiredRate: optional(j.speed), ScanlineTime: optional(j.scanline),
	}
	if j.useTagLine {
		r.TagLine = &j.tagLine
	}
	return r, j.setRequestTimes(r, now)
}

func optional(n int) *int {
	if n < 0 {
		return nil
	}
	return &n
}

// setRequestTimes works out times. The time to give up counts from the time to send.
func (j *faxJob) setRequestTimes(r *client.Request, now time.Time) error {
	from := now
	if j.sendTime != "" {
		at, err := parseAt(j.sendTime, now)
		if err != nil {
			return err
		}
		r.SendTime, from = at, at
	}
	if j.killTime != "" {
		until, err := parseAt(j.killTime, from)
		if err != nil {
			return err
		}
		r.Lifetime = until.Sub(from)
	}
	if j.retryTime != "" {
		span, err := parseRetryTime(j.retryTime)
		if err != nil {
			return err
		}
		r.RetryTime = span
	}
	return nil
}
