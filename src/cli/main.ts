import { useCompileCache } from '../common/compile-cache.js';

useCompileCache();
// Only now, because what is imported above is compiled before the cache is in use.
await import('./program.js');
