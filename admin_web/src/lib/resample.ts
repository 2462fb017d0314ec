/** Sound between the computer's rate and the telephone's: a windowed sinc, its phases kept in a table. */

const LOBES = 12
const PHASES = 64
const PASS = 0.92

export class Resampler {
  private readonly step: number
  private readonly reach: number
  private readonly kernels: Float32Array[]
  private held = new Float32Array(0)
  private at = 0

  /** Rates in Hz. */
  constructor(fromHz: number, toHz: number) {
    this.step = fromHz / toHz
    const cutoff = Math.min(1, toHz / fromHz) * PASS
    this.reach = Math.ceil(LOBES / cutoff)
    this.kernels = Array.from({ length: PHASES + 1 }, (_, phase) => kernel(phase / PHASES, this.reach, cutoff))
    this.held = new Float32Array(this.reach)
    this.at = this.reach
  }

  /** Takes samples from -1 to 1 and returns those of the other rate that they complete. */
  take(input: Float32Array): Float32Array {
    const samples = new Float32Array(this.held.length + input.length)
    samples.set(this.held)
    samples.set(input, this.held.length)
    const made: number[] = []
    while (Math.floor(this.at) + this.reach < samples.length) {
      const whole = Math.floor(this.at)
      const taps = this.kernels[Math.round((this.at - whole) * PHASES)] as Float32Array
      let sum = 0
      for (let tap = 0; tap < taps.length; tap += 1) sum += (taps[tap] as number) * (samples[whole - this.reach + 1 + tap] as number)
      made.push(sum)
      this.at += this.step
    }
    const keep = Math.max(0, Math.floor(this.at) - this.reach)
    this.held = samples.slice(keep)
    this.at -= keep
    return Float32Array.from(made)
  }
}

/** Weights of the samples around a point that lies `offset` samples behind the middle one. */
function kernel(offset: number, reach: number, cutoff: number): Float32Array {
  const taps = new Float32Array(reach * 2)
  let sum = 0
  for (let tap = 0; tap < taps.length; tap += 1) {
    const distance = tap - reach + 1 - offset
    const x = Math.PI * distance * cutoff
    const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / (reach + 1))
    taps[tap] = (x === 0 ? 1 : Math.sin(x) / x) * Math.max(0, window)
    sum += taps[tap] as number
  }
  return taps.map((weight) => weight / sum)
}

/** int16 little-endian of samples from -1 to 1. */
export function toPcm(samples: Float32Array): ArrayBuffer {
  const view = new DataView(new ArrayBuffer(samples.length * 2))
  samples.forEach((sample, index) => view.setInt16(index * 2, Math.max(-32768, Math.min(32767, Math.round(sample * 32767))), true))
  return view.buffer
}

export function fromPcm(data: ArrayBuffer): Float32Array {
  const view = new DataView(data)
  return Float32Array.from({ length: data.byteLength >> 1 }, (_, index) => view.getInt16(index * 2, true) / 32768)
}
