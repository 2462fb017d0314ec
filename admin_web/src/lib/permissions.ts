/** True when one of the granted permissions ("tasks.read", "tasks.*", "*") covers the wanted one. */
export function grants(granted: readonly string[], wanted: string): boolean {
  return granted.some((one) => one === '*' || one === wanted || (one.endsWith('.*') && wanted.startsWith(one.slice(0, -1))))
}
