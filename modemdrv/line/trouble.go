package line

import (
	"fmt"
	"strings"

	"github.com/litoria-fax/litoria/iax"
)

// trouble says in one sentence why a line is not registered, and which
// parameters to look at; "" while that is not known.
func trouble(set *Settings, s iax.RegStatus) string {
	text := strings.TrimPrefix(s.Text, "iax: ")
	server := s.Server
	if server == "" {
		server = set.Registration.Server
	}
	switch s.State {
	case iax.RegRejected:
		return fmt.Sprintf("the exchange %s refuses the peer %s (%s); check IAXPeer and IAXSecret", server, set.Registration.Username, text)
	case iax.RegNoAnswer:
		return fmt.Sprintf("the exchange %s does not take the registration of the peer %s (%s); check IAXServer, and that the exchange runs", server, set.Registration.Username, text)
	case iax.RegBadAddress:
		return fmt.Sprintf("the exchange %s is not found (%s); check IAXServer", server, text)
	case iax.RegTrying, iax.Registered, iax.RegReleased:
	}
	return text
}
