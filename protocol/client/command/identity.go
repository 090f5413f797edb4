package command

import (
	"errors"
	"strings"
)

// identify finds out who sends: a name for the pages and an address for notices. From is "name
// <address>", "address (name)", an address or a login name.
func (s *sendfax) identify() error {
	login, err := s.user()
	if err != nil {
		return err
	}
	name, mail := s.env.FullName, login
	if name == "" || login != s.env.LoginName {
		name = login
	}
	if s.from != "" {
		given := name
		name, mail = splitFrom(s.from)
		if name == "" && mail == login {
			name = given
		}
	}
	for i := range s.jobs {
		if s.jobs[i].mailbox == "" {
			s.jobs[i].mailbox = mail
		}
		s.jobs[i].mailbox = s.mailAddress(s.jobs[i].mailbox)
	}
	if name == "" && len(s.jobs) > 0 { // the account name of the address
		name, _, _ = strings.Cut(s.jobs[0].mailbox, "@")
		name = name[strings.LastIndexByte(name, '!')+1:]
	}
	if s.sender = strings.TrimSpace(name); s.sender == "" || mail == "" {
		return errors.New("Malformed (null) sender name or mail address") //nolint:staticcheck // HylaFAX's words
	}
	return nil
}

// splitFrom splits an identity into name and address.
func splitFrom(from string) (name, mail string) {
	if before, rest, ok := strings.Cut(from, "<"); ok {
		mail, _, _ = strings.Cut(rest, ">")
		return strings.Trim(before, " \t\""), strings.TrimSpace(mail)
	}
	if before, rest, ok := strings.Cut(from, "("); ok {
		name, _, _ = strings.Cut(rest, ")")
		return strings.Trim(name, " \t\""), strings.TrimSpace(before)
	}
	return "", strings.TrimSpace(from)
}

// mailAddress completes a login name to an address.
func (s *sendfax) mailAddress(mail string) string {
	mail = strings.TrimSpace(mail)
	if mail != "" && !strings.ContainsAny(mail, "@!") && s.env.Hostname != "" {
		return mail + "@" + s.env.Hostname
	}
	return mail
}
