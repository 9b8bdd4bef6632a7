package api

import "sync"

// memory keeps answers that do not change, of the keys asked for lately. Two
// generations bound it.
type memory[K comparable, V any] struct {
	most int

	mu            sync.Mutex
	recent, older map[K]V
}

func newMemory[K comparable, V any](most int) *memory[K, V] {
	return &memory[K, V]{most: most, recent: map[K]V{}}
}

func (m *memory[K, V]) get(key K) (V, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.recent[key]
	if !ok {
		if v, ok = m.older[key]; ok {
			m.put(key, v)
		}
	}
	return v, ok
}

// getOr keeps what make gives for a key that is not known.
func (m *memory[K, V]) getOr(key K, make func() V) V {
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.recent[key]
	if !ok {
		if v, ok = m.older[key]; !ok {
			v = make()
		}
		m.put(key, v)
	}
	return v
}

func (m *memory[K, V]) set(key K, v V) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.put(key, v)
}

func (m *memory[K, V]) put(key K, v V) {
	if len(m.recent) >= m.most {
		m.older, m.recent = m.recent, map[K]V{}
	}
	m.recent[key] = v
}

// forget drops everything.
func (m *memory[K, V]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.recent, m.older = map[K]V{}, nil
}
