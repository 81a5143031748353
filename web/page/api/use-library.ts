/** The state of the library, which several pages show. */
import { useQuery } from '@tanstack/react-query';
import { getLibrary } from './client.ts';

/** @returns the error is a ProblemError: 'unauthorized' where a key is needed */
export function useLibrary() {
  return useQuery({ queryKey: ['library'], queryFn: ({ signal }) => getLibrary(signal) });
}
