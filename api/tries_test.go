package api

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// greedy tries at a number from an address whenever it is let, for so long, and
// counts the tries. Each is at the next of the numbers.
func greedy(t *tries, address string, numbers func(i int) string, from time.Time, long time.Duration) (guesses int) {
	for now := from; now.Before(from.Add(long)); {
		_, wait, ok := t.begin(address, numbers(guesses), now)
		if ok {
			guesses++
			continue
		}
		now = now.Add(wait)
	}
	return guesses
}

// TestGuessesOfADay: what a guesser comes to in a day, as the comment at tries says,
// and how far that is from a code.
func TestGuessesOfADay(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, beijing)
	day := 24 * time.Hour
	one := greedy(newTries(), "192.0.2.1", func(int) string { return "n" }, now, day)
	all := greedy(newTries(), "192.0.2.1", func(i int) string { return fmt.Sprint(i) }, now, day)
	if one > 40 || all > 8_800 {
		t.Errorf("%d guesses a day at one number, %d at all", one, all)
	}
	// The second day is no better: what was forgiven over night is little.
	tr := newTries()
	greedy(tr, "192.0.2.1", func(int) string { return "n" }, now, day)
	if second := greedy(tr, "192.0.2.1", func(int) string { return "n" }, now.Add(2*day), day); second > 40 {
		t.Errorf("%d on another day", second)
	}
	const addresses, year = 10_000, 365
	codes := math.Pow(31, 10)
	if years := codes / float64(one*addresses) / year; years < 5e6 {
		t.Errorf("one case's code in %.0f years", years)
	}
	if years := codes / float64(all*addresses) / year; years < 2e4 {
		t.Errorf("any case's code in %.0f years", years)
	}
}

// TestTriesOfNeighbours: who mistypes holds up nobody else behind the same address,
// and nobody elsewhere who asks for the same number; who guesses holds neighbours up
// for seconds. Right ones are never counted.
func TestTriesOfNeighbours(t *testing.T) {
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, beijing)
	tr := newTries()
	waits := func(address, number string) time.Duration {
		right, wait, ok := tr.begin(address, number, now)
		if ok {
			right()
		}
		return wait
	}
	for range int(triesAtNumber.free) {
		if wait := waits("village", "mistyped"); wait != 0 {
			t.Fatalf("a mistyped try waits %v", wait)
		}
		tr.begin("village", "mistyped", now)
	}
	if wait := waits("village", "mistyped"); wait != triesAtNumber.first {
		t.Errorf("after %v wrong ones: %v", triesAtNumber.free, wait)
	}
	if waits("village", "neighbour's") != 0 || waits("elsewhere", "mistyped") != 0 {
		t.Error("somebody else is held up")
	}
	for i := range 1000 {
		if wait := waits("village", fmt.Sprint("right", i%7)); wait != 0 {
			t.Fatalf("the %dth right one waits %v", i, wait)
		}
	}
	now = now.Add(triesAtNumber.first)
	if wait := waits("village", "mistyped"); wait != 0 {
		t.Errorf("after the pause: %v", wait)
	}
	greedy(tr, "village", func(i int) string { return fmt.Sprint("guessed", i) }, now, time.Hour)
	now = now.Add(time.Hour)
	if wait := waits("village", "neighbour's"); wait > triesAtAddress.longest {
		t.Errorf("the neighbour of a guesser waits %v", wait)
	}
}

// TestTriesTogether: many that come at once are no more than one after the other.
func TestTriesTogether(t *testing.T) {
	now, tr := time.Date(2026, 11, 23, 9, 0, 0, 0, beijing), newTries()
	let := 0
	for range 100 {
		if _, _, ok := tr.begin("a", "n", now); ok {
			let++
		}
	}
	if let != int(triesAtNumber.free) {
		t.Errorf("%d under way together", let)
	}
}
