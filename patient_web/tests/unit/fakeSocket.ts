/** A WebSocket whose other side is the test. */
export class FakeSocket {
  static all: FakeSocket[] = []
  static last = (): FakeSocket => FakeSocket.all.at(-1)!
  readyState = 0
  sent: Record<string, unknown>[] = []
  closedWith: number | null = null
  onopen: () => void = () => undefined
  onmessage: (event: { data: string }) => void = () => undefined
  onclose: (event: { code: number }) => void = () => undefined

  constructor(readonly url: string) {
    FakeSocket.all.push(this)
  }
  send(data: string): void {
    this.sent.push(JSON.parse(data) as Record<string, unknown>)
  }
  close(code: number): void {
    this.closedWith = code
    this.drop(code)
  }
  open(): void {
    this.readyState = 1
    this.onopen()
  }
  say(frame: object): void {
    this.onmessage({ data: JSON.stringify(frame) })
  }
  drop(code: number): void {
    this.readyState = 3
    this.onclose({ code })
  }
}
