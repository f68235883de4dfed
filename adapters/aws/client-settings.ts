/**
 * What every client of an AWS service is made with. The SDK builds its chain of middleware anew for each request unless
 * it is told that nobody changes it: measured, a twelfth of the processor time of a request.
 */
export const CLIENT_SETTINGS = { cacheMiddleware: true } as const;
