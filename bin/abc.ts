#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// Compiling the sources is half of what a short command takes, so they are kept compiled: beside the packages, where
// nobody else can put anything, and not in a directory that all users share. Where it cannot be written nothing is kept.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'abc'));
await import('./program.ts');
