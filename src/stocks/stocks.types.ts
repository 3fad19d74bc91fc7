/** A tracked stock as others see it. **Units**: `lastPullDate` is a UTC day, `YYYY-MM-DD`. */
export interface StockView {
  readonly id: string;
  readonly symbol: string;
  readonly name: string | null;
  readonly exchange: string | null;
  readonly currency: string | null;
  readonly isActive: boolean;
  readonly lastPullDate: string | null;
  readonly createdAt: string;
  readonly updatedAt: string;
}
