import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import * as z from 'zod';
import { CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { composeDesk } from '#functions/runtime/desk.ts';
import { parseEnvironment } from '#functions/runtime/environment.ts';
import { replayCycle } from './replay.ts';

const desk = composeDesk('recovery-replay');
const { BUS_NAME } = parseEnvironment(z.object({ BUS_NAME: z.string().min(1) }), process.env);

export const handler = replayCycle(desk, new EventBridgeClient(CLIENT_SETTINGS), BUS_NAME);
