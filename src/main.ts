import 'reflect-metadata';
import { runService } from './boot/run-service.js';

await runService();
