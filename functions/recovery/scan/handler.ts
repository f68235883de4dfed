import { SFNClient } from '@aws-sdk/client-sfn';
import * as z from 'zod';
import { CLIENT_SETTINGS } from '#adapters/aws/client-settings.ts';
import { composeDesk } from '#functions/runtime/desk.ts';
import { parseEnvironment } from '#functions/runtime/environment.ts';
import { scanForLostCycles } from './scan.ts';

const desk = composeDesk('recovery-scan');
const { RECOVERY_MACHINE } = parseEnvironment(z.object({ RECOVERY_MACHINE: z.string().min(1) }), process.env);

export const handler = scanForLostCycles(desk, new SFNClient(CLIENT_SETTINGS), RECOVERY_MACHINE);
