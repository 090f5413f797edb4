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
	6:                         {DialNoDialtone, "the channel cannot be used"},
	CauseNormalClearing:       {DialNoCarrier, "the call was cleared"},
	CauseBusy:                 {DialBusy, "the far end is busy"},
	CauseNoUserResponse:       {DialNoAnswer, "the far end does not respond"},
	CauseNoAnswer:             {DialNoAnswer, "it rang and nobody answered"},
	CauseSubscriberAbsent:     {DialNoAnswer, "the far end is not registered at its exchange"},
	CauseRejected:             {DialRejected, "the far end or the exchange refused the call"},
	CauseNumberChanged:        {DialRejected, "the number has changed"},
	26:                        {DialNoCarrier, "the call was answered elsewhere"},
	CauseDestinationOutOfOrd:  {DialNoDialtone, "the exchange or the far end is out of order"},
	CauseInvalidNumber:        {DialRejected, "the number is incomplete or has a wrong form"},
	CauseFacilityRejected:     {DialRejected, "the exchange does not offer what was asked for"},
	30:                        {DialNoCarrier, "the far end answered a status question"},
	CauseNormalUnspecified:    {DialNoCarrier, "the call ended normally"},
	CauseCongestion:           {DialCongestion, "no circuit is free"},
	CauseNetworkOutOfOrder:    {DialNoDialtone, "the network is out of order"},
	CauseTemporaryFailure:     {DialCongestion, "a temporary failure of the exchange"},
	CauseSwitchCongestion:     {DialCongestion, "the exchange is congested"},
	43:                        {DialCongestion, "information about the call was lost on the way"},
	CauseChannelNotAvailable:  {DialCongestion, "the circuit that was asked for is not free"},
	45:                        {DialCongestion, "the call was pre-empted"},
	CauseFacilityNotSubscr:    {DialRejected, "the exchange does not accept our name or secret"},
	52:                        {DialRejected, "outgoing calls are barred"},
	54:                        {DialRejected, "incoming calls are barred at the far end"},
	CauseBearerNotAuthorized:  {DialRejected, "this kind of call is not permitted"},
	CauseBearerNotAvailable:   {DialRejected, "no common codec, or this kind of call is not available"},
	65:                        {DialRejected, "this kind of call is not implemented at the exchange"},
	66:                        {DialRejected, "this kind of channel is not implemented at the exchange"},
	CauseFacilityNotImplement: {DialRejected, "the exchange has not implemented what was asked for"},
	81:                        {DialNoDialtone, "the exchange does not know this call"},
	CauseIncompatible:         {DialRejected, "the far end cannot take this kind of call"},
	95:                        {DialError, "the exchange did not understand the message"},
	96:                        {DialError, "the exchange misses a necessary element"},
	97:                        {DialError, "the exchange does not know this message"},
	98:                        {DialError, "the message did not fit the state of the call"},
	99:                        {DialError, "the exchange does not know an element"},
	100:                       {DialError, "an element had a wrong content"},
	101:                       {DialError, "the message did not fit the state of the call"},
	CauseTimerExpiry:          {DialNoAnswer, "the exchange waited in vain for a response"},
	103:                       {DialError, "a parameter was not understood"},
	CauseProtocolError:        {DialError, "a protocol error"},
	CauseInterworking:         {DialNoCarrier, "the far network gave no cause"},
}

// Sentence tells a cause in words for people.
func (c Cause) Sentence() string {
	if i, ok := causeInfo[c]; ok {
		return i.text
	}
	return fmt.Sprintf("the call ended with cause %d", uint8(c))
}

// DialResult is what HylaFAX calls the outcome of a placed call that ends with
// this cause before it is answered.
func (c Cause) DialResult() DialResult {
	if i, ok := causeInfo[c]; ok {
		return i.result
	}
	return DialError
}
