/** Refusals with Discord's messages, codes and statuses.
 *  @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#json */
import { RESTJSONErrorCodes } from 'discord-api-types/v10';
import { nestViolations, type Violation, violationText } from './violation.ts';

export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  readonly violations: readonly Violation[];
  /** Of a 429. */
  readonly retryAfterSec: number | null;
  /** Of a global 429. */
  readonly isGlobal: boolean;

  constructor(
    status: number,
    code: number,
    message: string,
    violations: readonly Violation[] = [],
    retryAfterSec: number | null = null,
    isGlobal = false,
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.violations = violations;
    this.retryAfterSec = retryAfterSec;
    this.isGlobal = isGlobal;
  }

  toBody(): Record<string, unknown> {
    const { message, code, violations } = this;
    if (this.retryAfterSec !== null) return { message, code, retry_after: this.retryAfterSec, global: this.isGlobal };
    return violations.length > 0 ? { message, code, errors: nestViolations(violations) } : { message, code };
  }

  /** For the list of violations. */
  describe(): string {
    return [this.message, ...this.violations.map(violationText)].join('\n');
  }
}

const c = RESTJSONErrorCodes;

export const refusals = {
  unauthorized: () => new ApiError(401, 0, '401: Unauthorized'),
  notFound: () => new ApiError(404, 0, '404: Not Found'),
  unknownApplication: () => new ApiError(404, c.UnknownApplication, 'Unknown Application'),
  unknownChannel: () => new ApiError(404, c.UnknownChannel, 'Unknown Channel'),
  unknownGuild: () => new ApiError(404, c.UnknownGuild, 'Unknown Guild'),
  unknownMember: () => new ApiError(404, c.UnknownMember, 'Unknown Member'),
  unknownMessage: () => new ApiError(404, c.UnknownMessage, 'Unknown Message'),
  unknownUser: () => new ApiError(404, c.UnknownUser, 'Unknown User'),
  unknownWebhook: () => new ApiError(404, c.UnknownWebhook, 'Unknown Webhook'),
  unknownInteraction: () => new ApiError(404, c.UnknownInteraction, 'Unknown interaction'),
  unknownCommand: () => new ApiError(404, c.UnknownApplicationCommand, 'Unknown application command'),
  alreadyAcknowledged: () =>
    new ApiError(400, c.InteractionHasAlreadyBeenAcknowledged, 'Interaction has already been acknowledged.'),
  invalidWebhookToken: () => new ApiError(401, c.InvalidWebhookToken, 'Invalid Webhook Token'),
  missingAccess: () => new ApiError(403, c.MissingAccess, 'Missing Access'),
  missingPermissions: () => new ApiError(403, c.MissingPermissions, 'Missing Permissions'),
  emptyMessage: () => new ApiError(400, c.CannotSendAnEmptyMessage, 'Cannot send an empty message'),
  notYourMessage: () =>
    new ApiError(403, c.CannotEditMessageAuthoredByAnotherUser, 'Cannot edit a message authored by another user'),
  rateLimited: (retryAfterSec: number, isGlobal: boolean) =>
    new ApiError(429, 0, 'You are being rate limited.', [], retryAfterSec, isGlobal),
  tooManyOldEdits: (retryAfterSec: number) => {
    const message = 'Maximum number of edits to messages older than 1 hour reached. Try again later.';
    const code = c.MaximumNumberOfEditsToMessagesOlderThanOneHourReached;
    return new ApiError(429, code, message, [], retryAfterSec);
  },
  cannotMessage: () => new ApiError(403, c.CannotSendMessagesToThisUser, 'Cannot send messages to this user'),
  wrongChannelType: () =>
    new ApiError(400, c.CannotExecuteActionOnThisChannelType, 'Cannot execute action on this channel type'),
  threadExists: () =>
    new ApiError(400, c.ThreadAlreadyCreatedForMessage, 'A thread has already been created for this message'),
  tooLarge: () => new ApiError(413, c.RequestEntityTooLarge, 'Request entity too large'),
  badJson: () => new ApiError(400, c.RequestBodyContainsInvalidJSON, 'The request body contains invalid JSON.'),
  wrongContentType: () => {
    const message = `Expected "Content-Type" header to be one of {'application/json'}.`;
    return new ApiError(400, c.InvalidFormBodyOrContentType, message);
  },
  invalidBody: (violations: readonly Violation[]) =>
    new ApiError(400, c.InvalidFormBodyOrContentType, 'Invalid Form Body', violations),
  invalidField: (code: string, message: string, ...path: (string | number)[]) =>
    refusals.invalidBody([{ path, code, message }]),
} as const;
