import type { ApiProblem } from '@/api/problem'
import type { DefinitionProblem } from '@/api/types'

/** The list of faults in a refused questionnaire, whichever member of the problem document carries it. */
export function definitionProblems(problem: ApiProblem | null): DefinitionProblem[] {
  if (!problem) return []
  const list: unknown = problem.extra.problems
  if (!Array.isArray(list) || list.length === 0) return [{ reason: problem.message, link_id: problem.field }]
  return list as DefinitionProblem[]
}

/** The line (from 1) where an item begins in the YAML text; null when it is not there. */
export function lineOf(yaml: string, linkId: string): number | null {
  const index = yaml.split('\n').findIndex((line) => {
    const found = /^\s*-?\s*link_id:\s*["']?([^"'#\s]+)/.exec(line)
    return found?.[1] === linkId
  })
  return index < 0 ? null : index + 1
}
