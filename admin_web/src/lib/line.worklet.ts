/** The page's end of a call, on the audio thread: the microphone to 8 kHz frames, frames to the loudspeaker. */
import { JitterBuffer } from './jitter'
import { fromPcm, Resampler, toPcm } from './resample'

declare const sampleRate: number
declare function registerProcessor(name: string, make: new (options: { processorOptions: { mostSeconds: number } }) => AudioWorkletProcessor): void
declare class AudioWorkletProcessor {
  readonly port: MessagePort
}
/** What the page sends here: sound, the name of a mark behind it, or null to drop what was not played. */
type Told = ArrayBuffer | string | null

const LINE_HZ = 8_000
const FRAME = 160
const START_SECONDS = 0.08

class LineProcessor extends AudioWorkletProcessor {
  private readonly down = new Resampler(sampleRate, LINE_HZ)
  private readonly up = new Resampler(LINE_HZ, sampleRate)
  private readonly heard: JitterBuffer
  private waiting: number[] = []

  constructor(options: { processorOptions: { mostSeconds: number } }) {
    super()
    const most = options.processorOptions.mostSeconds * sampleRate
    this.heard = new JitterBuffer(START_SECONDS * sampleRate, most, (name) => this.port.postMessage(name))
    this.port.onmessage = (message: MessageEvent<Told>): void => this.told(message.data)
  }

  private told(what: Told): void {
    if (what === null) this.heard.clear()
    else if (typeof what === 'string') this.heard.mark(what)
    else this.heard.put(this.up.take(fromPcm(what)))
  }

  process(inputs: Float32Array[][], outputs: Float32Array[][]): boolean {
    const ear = outputs[0] ?? []
    if (ear[0]) this.heard.fill(ear[0])
    for (const channel of ear.slice(1)) channel.set(ear[0] as Float32Array)
    const mouth = inputs[0]?.[0]
    if (mouth) this.waiting.push(...this.down.take(mouth))
    while (this.waiting.length >= FRAME) {
      const frame = toPcm(Float32Array.from(this.waiting.splice(0, FRAME)))
      this.port.postMessage(frame, [frame])
    }
    return true
  }
}

registerProcessor('line', LineProcessor)
