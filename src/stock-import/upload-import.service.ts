import type { Readable } from 'node:stream';
import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { SETTINGS, type Settings } from '../config/settings.js';
import { Shutdown } from '../database/shutdown.service.js';
import { StocksService } from '../stocks/stocks.service.js';
import { openLocalFile } from './spool/open-local-file.js';
import { spoolUpload, type SpoolOptions } from './spool/spool-upload.js';
import { sweepSpool } from './spool/sweep-spool.js';
import { StockImportService } from './stock-import.service.js';
import type { ImportReport, ImportRequest } from './stock-import.types.js';

/** Price files pack to a tenth; what unpacks to two hundred times its size is no price file. */
const MAX_EXPANSION_RATIO = 200;

/** A file on its way in. */
export interface Upload {
  /** Nobody else has its chunks. */
  readonly body: Readable;
  readonly encoding: 'gzip' | 'identity';
  readonly request: Omit<ImportRequest, 'file'>;
}

/** A file of this machine. **Units**: progress in bytes of all bytes. */
export interface LocalImport extends Omit<ImportRequest, 'file' | 'onProgress'> {
  readonly onProgress: (bytes: number, total: number) => void;
}

/**
 * Imports files that arrive over a network: first to the disk, then into the database, so that a slow sender costs a file
 * and no connection.
 */
@Injectable()
export class UploadImportService implements OnApplicationBootstrap {
  constructor(
    private readonly stocks: StocksService,
    private readonly imports: StockImportService,
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly shutdown: Shutdown,
  ) {}

  /** Removes what a killed process left in the spool. */
  async onApplicationBootstrap(): Promise<void> {
    await sweepSpool(this.settings.imports.spoolDir);
  }

  /** **Errors**: those of `spoolUpload` and of `StockImportService.import`. */
  async import(upload: Upload): Promise<ImportReport> {
    const { symbol } = upload.request;
    // Before the upload, not after it: nobody should send a gigabyte to learn of a typing error.
    if (symbol !== null) await this.stocks.requireActive(symbol);
    await using file = await spoolUpload(upload.body, {
      ...this.spoolOptions(),
      encoding: upload.encoding,
      chunksAreOurs: true,
    });
    return await this.imports.import({ ...upload.request, file });
  }

  /** The same for a file of this machine, which is read where it lies; `-` is standard input. **Errors**: as {@link import}. */
  async importLocal(path: string, request: LocalImport): Promise<ImportReport> {
    await using file = await openLocalFile(path, this.spoolOptions());
    const onProgress = (bytes: number): void => request.onProgress(bytes, file.bytes);
    return await this.imports.import({ ...request, file, onProgress });
  }

  /** Limits of what is taken in, for uploads and for the command line's packed files. */
  private spoolOptions(): Omit<SpoolOptions, 'encoding'> {
    const { spoolDir, maxBytes, maxExpandedBytes, idleTimeoutMs } = this.settings.imports;
    return {
      directory: spoolDir,
      maxBytes,
      maxExpandedBytes,
      idleTimeoutMs,
      maxExpansionRatio: MAX_EXPANSION_RATIO,
      signal: this.shutdown.deadline,
    };
  }
}
