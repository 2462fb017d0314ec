/** Smooths what comes in bursts: waits until enough is there, and never falls far behind. Counts are samples. */
export class JitterBuffer {
  private chunks: Float32Array[] = []
  private first = 0
  private size = 0
  private playing = false
  private taken = 0
  private marks: { at: number; name: string }[] = []

  constructor(
    private readonly startAt: number,
    private readonly mostKept: number,
    private readonly reached: (name: string) => void = () => undefined,
  ) {}

  get waiting(): number {
    return this.size
  }

  put(samples: Float32Array): void {
    this.chunks.push(samples)
    this.size += samples.length
    if (this.size > this.mostKept) this.drop(this.size - this.startAt)
  }

  /** Tells `reached` once all that was put before has been played. */
  mark(name: string): void {
    this.marks.push({ at: this.taken + this.size, name })
    this.pass()
  }

  /** Drops what was not played yet; its marks come at once. */
  clear(): void {
    this.drop(this.size)
    this.playing = false
  }

  /** Fills `out`; with silence where nothing is there, and then waits for `startAt` again. */
  fill(out: Float32Array): void {
    out.fill(0)
    this.playing = this.playing || this.size >= this.startAt || (this.size > 0 && this.marks.length > 0)
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
    this.taken += count
    this.pass()
    if (this.first >= (this.chunks[0]?.length ?? 0)) {
      this.chunks.shift()
      this.first = 0
    }
  }

  private pass(): void {
    while (this.marks[0] && this.marks[0].at <= this.taken) this.reached((this.marks.shift() as { name: string }).name)
  }
}
