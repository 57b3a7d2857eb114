package common

import "github.com/offlicense/offlicense/cmd/internal/cli"

// StepBars shows how far each step of a long command is, one bar after the other.
type StepBars struct {
	Env     *cli.Env
	step    string
	bar     *cli.Progress
	counted int64
}

// Show is told of each step, as the service tells it.
func (b *StepBars) Show(step string, done, total int64) {
	if step != b.step {
		b.Done()
		b.step, b.bar, b.counted = step, cli.NewProgress(b.Env, step, int(total)), 0
	}
	b.bar.Add(int(done - b.counted))
	b.counted = done
}

// Done takes the last bar away.
func (b *StepBars) Done() {
	if b.bar != nil {
		b.bar.Done()
	}
}
