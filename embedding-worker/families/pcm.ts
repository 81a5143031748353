/** Models of our own kind: samples in, unit vector out, everything between in the graph. */
import type { Family } from './family.ts';

export const pcmFamily: Family = {
  frontEnd: null,
  prepare: (window) => window,
  // Not brought to length 1: a graph of ours that does not do it itself is broken, and shall be found out.
  finish: (row) => row,
};
