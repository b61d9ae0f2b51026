//! Sums as Prometheus forms them: Kahan's, in Neumaier's version.

/// A sum, and what rounding has lost of it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    pub sum: f64,
    pub lost: f64,
}

impl Sum {
    pub(super) fn of(first: f64) -> Self {
        Sum { sum: first, lost: 0.0 }
    }

    #[must_use]
    pub(super) fn plus(self, value: f64) -> Self {
        let sum = self.sum + value;
        let lost = if sum.is_infinite() {
            0.0
        } else if self.sum.abs() >= value.abs() {
            self.lost + ((self.sum - sum) + value)
        } else {
            self.lost + ((value - sum) + self.sum)
        };
        Sum { sum, lost }
    }

    pub(super) fn total(self) -> f64 {
        self.sum + self.lost
    }
}

/// A mean: of the sum as long as that is finite, else a running one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mean {
    /// The sum so far.
    Direct(Sum, f64),
    /// The mean so far.
    Running(Sum, f64),
}

impl Mean {
    pub(super) fn of(first: f64) -> Self {
        Mean::Direct(Sum::of(first), 1.0)
    }

    #[must_use]
    pub(super) fn plus(self, value: f64) -> Self {
        let (mean, count) = match self {
            Mean::Direct(sum, count) => {
                let next = sum.plus(value);
                if next.sum.is_finite() || next.sum.is_nan() {
                    return Mean::Direct(next, count + 1.0);
                }
                (Sum { sum: sum.sum / count, lost: sum.lost / count }, count + 1.0)
            }
            Mean::Running(mean, count) => (mean, count + 1.0),
        };
        let shrunk = (count - 1.0) / count;
        let mean = Sum { sum: shrunk * mean.sum, lost: shrunk * mean.lost };
        Mean::Running(mean.plus(value / count), count)
    }

    pub(super) fn total(self) -> f64 {
        match self {
            Mean::Direct(sum, count) => sum.sum / count + sum.lost / count,
            Mean::Running(mean, _) => mean.total(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rounding_loses_is_kept() {
        let values = [1.0, 1e100, 1.0, -1e100];
        let sum = values.into_iter().fold(Sum::default(), Sum::plus).total();
        assert_eq!(sum.to_bits(), 2f64.to_bits(), "a plain sum would be 0");
    }

    #[test]
    fn a_mean_survives_a_sum_that_is_out_of_bounds() {
        let mean = Mean::of(f64::MAX).plus(f64::MAX).plus(f64::MAX).total();
        assert!((mean / f64::MAX - 1.0).abs() < 1e-12, "{mean}");
    }
}
