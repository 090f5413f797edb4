package exchange

import (
	"strings"

	"github.com/litoria-fax/litoria/iax"
)

// transferMode says whether calls of a peer may leave the exchange once they
// are connected.
type transferMode uint8

const (
	transferNo    transferMode = iota // the exchange stays in the path
	transferMedia                     // the audio goes directly, the rest through us
	transferYes                       // the whole call goes directly
)

// setTransfer reads transfer=. Unlike Asterisk's default ours is no: sound that
// changes its way in the middle of a fax gains nothing on a small site.
func (f *peerFile) setTransfer(p *peerConfig, v setting) {
	switch {
	case isYes(v.value):
		p.transfer = transferYes
	case strings.EqualFold(v.value, "mediaonly"):
		p.transfer = transferMedia
	case strings.EqualFold(v.value, "no"):
		p.transfer = transferNo
	default:
		f.problem(v, true, "transfer = %q: yes, no or mediaonly is expected", v.value)
	}
}

// setNoTransfer reads notransfer=, the older name of transfer=no.
func (f *peerFile) setNoTransfer(p *peerConfig, v setting) {
	p.transfer = transferYes
	if isYes(v.value) {
		p.transfer = transferNo
	}
}

// transfer lets a connected call leave us, where both peers may.
func (ch *channel) transfer(l *leg) {
	mode := min(ch.peer.transfer, l.peer.transfer)
	if mode == transferNo {
		return
	}
	if err := iax.Transfer(ch.call, l.call, mode == transferMedia); err != nil {
		ch.log.Info().Err(err).Msg("exchange: the call stays here")
	}
}
