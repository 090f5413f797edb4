//go:build unix

// Package protocoltest helps to test servers and clients of the HylaFAX client-server protocol: a
// spool with known contents, a scheduler that only answers, and dialogues that are recorded with one
// server and replayed against another. It is for tests alone.
package protocoltest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Hosts is the access control file of the test spool: joe and ann need no password, guest has one,
// boss one for administration; bad is refused.
const Hosts = `# users of the tests
!^bad@
^joe@:100
^ann@:101
^guest@:102:$1$ab$VEwdplAC9NNThAwnPLTXa0
^boss@:103::$1$ab$VEwdplAC9NNThAwnPLTXa0
^root@:104
`

// Password is what fits guest and boss.
const Password = "Secret1"

// Numbers with which the sequences begin.
const (
	FirstJob      = 100
	FirstDocument = 200
)

// jobText is a job file. Documents are not there: the job was made long ago.
func jobText(id int, owner string, state int, extra string) string {
	return fmt.Sprintf(`tts:1700000000
killtime:1700010800
retrytime:0
state:%d
npages:1
totpages:3
nskip:0
skippages:0
ncover:0
coverpages:0
ntries:0
ndials:1
totdials:2
maxdials:12
tottries:1
maxtries:3
pagewidth:209
resolution:196
pagelength:296
priority:127
schedpri:120
minbr:0
desiredbr:13
desiredst:0
desiredec:2
desireddf:3
desiredtl:0
useccover:1
usexvres:0
external:555-1234
number:9,555-1234
mailaddr:%s@example.com
sender:%s Q. User
jobid:%d
jobtag:tag %d
pagehandling:
modem:any
faxnumber:
tsi:
receiver:Receiver
company:Company
location:Location
voice:
fromcompany:
fromlocation:
fromvoice:
regarding:
comments:
cover:
client:localhost
owner:%s
groupid:%d
signalrate:14400
dataformat:MMR
jobtype:facsimile
tagline:
subaddr:
passwd:
doneop:default
commid:000000007
csi:
nsf:
pagerange:
status:No answer from remote
statuscode:3
returned:1
notify:when done
pagechop:default
chopthreshold:3
%s`, state, owner, owner, id, id, owner, id, extra)
}

// file is a file of the test spool.
type file struct {
	name string
	mode fs.FileMode
	text string
}

// Epoch is the time stamp of the files of the test spool.
var Epoch = time.Date(2024, time.January, 2, 3, 4, 5, 0, time.UTC)

// MakeSpool makes a spool with known contents in a directory that exists. Where the process may, the
// files belong to the fax users.
func MakeSpool(dir string) error {
	for _, sub := range []string{
		"archive", "bin", "client", "config", "docq", "doneq", "etc", "info", "log", "pollq", "recvq", "sendq", "status", "tmp",
	} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	files := []file{
		{"etc/hosts.hfaxd", 0o600, Hosts},
		{"etc/config.ttyS0", 0o644, "FAXNumber:\t\t+1.555.0100\nLocalIdentifier:\t\"Test Line\"\nSpeakerVolume:\tOff\nServerTracing:\t1\n"},
		{"status/ttyS0", 0o644, "Running and idle\n"},
		{"status/any.info", 0o644, "HylaFAX test server\nsecond line\n"},
		{"log/c000000007", 0o644, "Nov 01 12:00:00.00: [   1]: SESSION BEGIN 000000007\n"},
		{"log/private", 0o600, "secret\n"},
		{"sendq/seqf", 0o600, fmt.Sprint(FirstJob)},
		{"docq/seqf", 0o600, fmt.Sprint(FirstDocument)},
		{"sendq/q10", 0o644, jobText(10, "joe", 1, "!tiff:0::docq/doc5.tif.10\nfax:0::docq/doc5.tif;10\n")},
		{"sendq/q11", 0o600, jobText(11, "ann", 3, "")},
		{"doneq/q5", 0o644, jobText(5, "joe", 7, "!postscript:0::docq/doc4.ps\n")},
		{"doneq/q6", 0o644, jobText(6, "ann", 8, "")},
		{"docq/doc5.tif.10", 0o640, "II*\x00document\n"},
		{"docq/doc4.ps", 0o644, "%!PS\nshowpage\n"},
		{"docq/other", 0o644, "no document\n"},
		{"recvq/fax000000001.tif", 0o644, string(TIFF(2))},
		{"recvq/fax000000002.tif", 0o600, string(TIFF(1))},
		{"recvq/seqf", 0o600, "3"},
		{"archive/q1", 0o644, "archived\n"},
	}
	for _, f := range files {
		path := filepath.Join(dir, f.name)
		if err := os.WriteFile(path, []byte(f.text), f.mode); err != nil {
			return err
		}
		if err := os.Chmod(path, f.mode); err != nil { // whatever the umask is
			return err
		}
		if err := os.Chtimes(path, Epoch, Epoch); err != nil {
			return err
		}
	}
	for _, fifo := range []string{"FIFO", "FIFO.ttyS0"} {
		if err := unix.Mkfifo(filepath.Join(dir, fifo), 0o600); err != nil {
			return err
		}
	}
	return giveAway(dir)
}

// giveAway makes the fax users the owners of the files, where the process may.
func giveAway(dir string) error {
	owners := map[string]int{
		"sendq/q10": 100, "sendq/q11": 101, "doneq/q5": 100, "doneq/q6": 101, "docq/doc5.tif.10": 100, "docq/doc4.ps": 100,
		"recvq/fax000000001.tif": 60002, "recvq/fax000000002.tif": 60002,
	}
	for name, gid := range owners {
		if err := os.Chown(filepath.Join(dir, name), -1, gid); err != nil {
			return nil //nolint:nilerr // an ordinary user: the server knows what to do
		}
	}
	return nil
}

// TIFF makes a small fax of some pages, as faxgetty files them.
func TIFF(pages int) []byte {
	le := binary.LittleEndian
	out := []byte("II*\x00\x08\x00\x00\x00")
	for page := range pages {
		description, date, image := "+1.555.0199\n5550100\nCaller\x00", "2024:01:02 03:04:05\x00", "\x00\x10\x01page"
		type entry struct {
			tag, kind uint16
			count     uint32
			value     uint32
			data      string
		}
		entries := []entry{
			{254, 4, 1, 2, ""}, {256, 4, 1, 1728, ""}, {257, 4, 1, 1, ""}, {258, 3, 1, 1, ""}, {259, 3, 1, 4, ""},
			{262, 3, 1, 0, ""}, {266, 3, 1, 1, ""}, {270, 2, uint32(len(description)), 0, description},
			{273, 4, 1, 0, image}, {274, 3, 1, 1, ""}, {277, 3, 1, 1, ""}, {278, 4, 1, 1, ""},
			{279, 4, 1, uint32(len(image)), ""}, {282, 5, 1, 0, "\xcc\x00\x00\x00\x01\x00\x00\x00"},
			{283, 5, 1, 0, "\xc4\x00\x00\x00\x01\x00\x00\x00"}, {293, 4, 1, 0, ""}, {296, 3, 1, 2, ""},
			{297, 3, 2, uint32(page) | uint32(pages)<<16, ""}, {306, 2, uint32(len(date)), 0, date},
			{34908, 4, 1, 1<<21 | 3<<14 | 5<<3 | 1, ""}, {34910, 4, 1, 65, ""},
		}
		start := len(out)
		size := 2 + 12*len(entries) + 4
		var data bytes.Buffer
		out = le.AppendUint16(out, uint16(len(entries)))
		for _, e := range entries {
			out = le.AppendUint16(le.AppendUint16(out, e.tag), e.kind)
			out = le.AppendUint32(out, e.count)
			if e.data != "" {
				e.value = uint32(start + size + data.Len())
				data.WriteString(e.data)
				if data.Len()%2 == 1 {
					data.WriteByte(0)
				}
			}
			out = le.AppendUint32(out, e.value)
		}
		next := uint32(0)
		if page+1 < pages {
			next = uint32(start + size + data.Len())
		}
		out = append(le.AppendUint32(out, next), data.Bytes()...)
	}
	return out
}
