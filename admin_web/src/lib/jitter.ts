/** Smooths what comes in bursts: waits until enough is there, and never falls far behind. Counts are samples. */
export class JitterBuffer {
  private chunks: Float32Array[] = []
  private first = 0
  private size = 0
  private playing = false

  constructor(
    private readonly startAt: number,
    private readonly mostKept: number,
  ) {}

  get waiting(): number {
    return this.size
  }

  put(samples: Float32Array): void {
    this.chunks.push(samples)
    this.size += samples.length
    if (this.size > this.mostKept) this.drop(this.size - this.startAt)
  }

  /** Fills `out`; with silence where nothing is there, and then waits for `startAt` again. */
  fill(out: Float32Array): void {
    out.fill(0)
    this.playing = this.playing || this.size >= this.startAt
    if (!this.playing) return
    let done = 0
    while (done < out.length) {
      const chunk = this.chunks[0]
      if (!chunk) {
        this.playing = false
        return
      }
      const part = chunk.subarray(this.first, this.first + out.length - done)
      out.set(part, done)
      done += part.length
      this.advance(part.length)
    }
  }

  private drop(count: number): void {
    let left = count
    while (left > 0 && this.chunks[0]) {
      const step = Math.min(left, this.chunks[0].length - this.first)
      left -= step
      this.advance(step)
    }
  }

  private advance(count: number): void {
    this.first += count
    this.size -= count
    if (this.first >= (this.chunks[0]?.length ?? 0)) {
      this.chunks.shift()
      this.first = 0
    }
  }
}
