/** A failure as programs on this machine send it to each other over a socket: code, message and facts. */
import { z } from 'zod';
import { isErrorCode, LeitmotifError } from '../errors.ts';

export const linkErrorSchema = z.object({
  error: z.object({
    code: z.string(),
    message: z.string(),
    facts: z.record(z.string(), z.union([z.string(), z.number()])),
  }),
});

export function toLinkError({ code, message, facts }: LeitmotifError): z.infer<typeof linkErrorSchema> {
  return { error: { code, message, facts: { ...facts } } };
}

export function fromLinkError({ error }: z.infer<typeof linkErrorSchema>): LeitmotifError {
  const { code, message, facts } = error;
  return new LeitmotifError(isErrorCode(code) ? code : 'internal', message, { facts });
}
