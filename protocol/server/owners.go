package server

import "sync"

// ownerTable remembers the owners of documents by inode, for a server that cannot note them in the
// file system.
type ownerTable struct {
	mu     sync.Mutex // guards owners
	owners map[uint64]FaxUID
}

// maxOwners bounds the memory of the table.
const maxOwners = 100_000

func (t *ownerTable) set(inode uint64, uid FaxUID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.owners == nil || len(t.owners) >= maxOwners {
		t.owners = map[uint64]FaxUID{}
	}
	t.owners[inode] = uid
}

func (t *ownerTable) get(inode uint64) (FaxUID, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	uid, ok := t.owners[inode]
	return uid, ok
}
