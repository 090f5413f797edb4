package iax

import "fmt"

// causeInfo says for each cause what people are told and what HylaFAX makes of
// it when a call that was placed ends with it before the answer. Codes and
// meanings are those of Q.850; the choice of dial result is ours: what a
// second try soon may cure counts as busy, no answer or congestion; what only a
// person can cure is a rejection.
var causeInfo = map[Cause]struct {
	result DialResult
	text   string
}{
	CauseNone:                 {DialNoCarrier, "the call ended and no cause was given"},
	CauseUnallocated:          {DialRejected, "there is no such number"},
	2:                         {DialRejected, "no route to the network that was asked for"},
	CauseNoRoute:              {DialRejected, "the exchange knows no way to this number"},
	4:                         {DialRejected, "the far end cannot be reached; a special tone tells why"},
	5:                         {DialRejected, "the number has a prefix that is not wanted here"},
	6:                         {DialNoDialtone, "the channel cannot be used"},
	7:                         {DialNoCarrier, "the call was handed to a channel that is in use"},
	8:                         {DialCongestion, "the circuit was taken for a call that comes first"},
	9:                         {DialCongestion, "the circuit is kept for a call that comes first"},
	14:                        {DialRejected, "the number was taken along to another network"},
	CauseNormalClearing:       {DialNoCarrier, "the call was cleared"},
	CauseBusy:                 {DialBusy, "the far end is busy"},
	CauseNoUserResponse:       {DialNoAnswer, "the far end does not respond"},
	CauseNoAnswer:             {DialNoAnswer, "it rang and nobody answered"},
	CauseSubscriberAbsent:     {DialNoAnswer, "the far end is not registered at its exchange"},
	CauseRejected:             {DialRejected, "the far end or the exchange refused the call"},
	CauseNumberChanged:        {DialRejected, "the number has changed"},
	23:                        {DialRejected, "the call was sent on to a new number"},
	25:                        {DialNoDialtone, "the exchange sent the call in a circle"},
	26:                        {DialNoCarrier, "the call was answered elsewhere"},
	CauseDestinationOutOfOrd:  {DialNoDialtone, "the exchange or the far end is out of order"},
	CauseInvalidNumber:        {DialRejected, "the number is incomplete or has a wrong form"},
	CauseFacilityRejected:     {DialRejected, "the exchange does not offer what was asked for"},
	30:                        {DialNoCarrier, "the far end answered a status question"},
	CauseNormalUnspecified:    {DialNoCarrier, "the call ended normally"},
	CauseCongestion:           {DialCongestion, "no circuit is free"},
	CauseNetworkOutOfOrder:    {DialNoDialtone, "the network is out of order"},
	39:                        {DialNoDialtone, "a permanent connection is out of service"},
	40:                        {DialNoDialtone, "a permanent connection is not working"},
	CauseTemporaryFailure:     {DialCongestion, "a temporary failure of the exchange"},
	CauseSwitchCongestion:     {DialCongestion, "the exchange is congested"},
	43:                        {DialCongestion, "information about the call was lost on the way"},
	CauseChannelNotAvailable:  {DialCongestion, "the circuit that was asked for is not free"},
	45:                        {DialCongestion, "the call was pre-empted"},
	46:                        {DialCongestion, "all circuits carry calls that come first"},
	causeNoResource:           {DialCongestion, "the exchange has no room for the call"},
	49:                        {DialCongestion, "the quality that was asked for is not to be had"},
	CauseFacilityNotSubscr:    {DialRejected, "the exchange does not accept our name or secret"},
	52:                        {DialRejected, "outgoing calls are barred"},
	53:                        {DialRejected, "outgoing calls of the closed group are barred"},
	54:                        {DialRejected, "incoming calls are barred at the far end"},
	55:                        {DialRejected, "incoming calls of the closed group are barred"},
	CauseBearerNotAuthorized:  {DialRejected, "this kind of call is not permitted"},
	CauseBearerNotAvailable:   {DialRejected, "no common codec, or this kind of call is not available"},
	62:                        {DialRejected, "what was said about the line and the kind of call does not fit together"},
	causeNoService:            {DialRejected, "the exchange does not offer this service"},
	65:                        {DialRejected, "this kind of call is not implemented at the exchange"},
	66:                        {DialRejected, "this kind of channel is not implemented at the exchange"},
	CauseFacilityNotImplement: {DialRejected, "the exchange has not implemented what was asked for"},
	70:                        {DialRejected, "only restricted digital connections are to be had"},
	causeNotImplemented:       {DialRejected, "the exchange has not implemented this service"},
	81:                        {DialNoDialtone, "the exchange does not know this call"},
	82:                        {DialNoDialtone, "the exchange does not know the channel"},
	83:                        {DialNoDialtone, "a suspended call is there, but not this one"},
	84:                        {DialNoDialtone, "the name of the suspended call is in use"},
	85:                        {DialNoDialtone, "no call is suspended"},
	86:                        {DialNoDialtone, "the suspended call is over"},
	87:                        {DialRejected, "the far end is not of the closed group"},
	CauseIncompatible:         {DialRejected, "the far end cannot take this kind of call"},
	90:                        {DialRejected, "there is no such closed group"},
	91:                        {DialRejected, "there is no such network on the way"},
	causeInvalidMessage:       {DialError, "the exchange did not understand the message"},
	96:                        {DialError, "the exchange misses a necessary element"},
	97:                        {DialError, "the exchange does not know this message"},
	98:                        {DialError, "the message did not fit the state of the call"},
	99:                        {DialError, "the exchange does not know an element"},
	100:                       {DialError, "an element had a wrong content"},
	101:                       {DialError, "the message did not fit the state of the call"},
	CauseTimerExpiry:          {DialNoAnswer, "the exchange waited in vain for a response"},
	103:                       {DialError, "a parameter was not understood"},
	110:                       {DialError, "the exchange dropped a message that it did not understand"},
	CauseProtocolError:        {DialError, "a protocol error"},
	CauseInterworking:         {DialNoCarrier, "the far network gave no cause"},
}

// What stands for the unknown causes of a class besides those of cause.go
// (Q.850 2.2.5).
const (
	causeNoResource     Cause = 47
	causeNoService      Cause = 63
	causeNotImplemented Cause = 79
	causeInvalidMessage Cause = 95
)

// class is the cause that stands for all of its class (Q.850 2.2.5).
func (c Cause) class() Cause {
	switch {
	case c < 32:
		return CauseNormalUnspecified
	case c < 48:
		return causeNoResource
	case c < 64:
		return causeNoService
	case c < 80:
		return causeNotImplemented
	case c < 96:
		return causeInvalidMessage
	case c < 112:
		return CauseProtocolError
	}
	return CauseInterworking
}

// Sentence tells a cause in words for people. A cause without words of its own
// is told as its class.
func (c Cause) Sentence() string {
	if i, ok := causeInfo[c]; ok {
		return i.text
	}
	return fmt.Sprintf("%s (cause %d)", causeInfo[c.class()].text, uint8(c))
}

// DialResult is what HylaFAX calls the outcome of a placed call that ends with
// this cause before it is answered.
func (c Cause) DialResult() DialResult {
	if i, ok := causeInfo[c]; ok {
		return i.result
	}
	return causeInfo[c.class()].result
}
