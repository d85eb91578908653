/* normalize_template.h -- normalisations of one type of elements (each_type.h). */

HRS_CLONES static void NAME(moments)(hrs_count n, const T *x, T *mean_out, T *variance_out) {
  T part[16] = {0}, sum = 0;
  hrs_count i = 0, whole = n / 16 * 16;
  for (; i < whole; i += 16)
    for (int j = 0; j < 16; j++)
      part[j] += x[i + j];
  for (; i < n; i++)
    sum += x[i];
  for (int half = 8; half > 0; half /= 2)
    for (int j = 0; j < half; j++)
      part[j] += part[j + half];
  sum += part[0];
  T mean = sum / (T)n;
  memset(part, 0, sizeof part);
  for (i = 0, sum = 0; i < whole; i += 16)
    for (int j = 0; j < 16; j++)
      part[j] += (x[i + j] - mean) * (x[i + j] - mean);
  for (; i < n; i++)
    sum += (x[i] - mean) * (x[i] - mean);
  for (int half = 8; half > 0; half /= 2)
    for (int j = 0; j < half; j++)
      part[j] += part[j + half];
  sum += part[0];
  *mean_out = mean;
  *variance_out = sum / (T)n;
}

/* y = (x - mean) * factor + shift, the same for all */
HRS_CLONES static void NAME(affine)(hrs_count n, const T *x, T mean, T factor, T shift, T *y) {
  HRS_INDEPENDENT
  for (hrs_count i = 0; i < n; i++)
    y[i] = (x[i] - mean) * factor + shift;
}

/* y = (x - mean) * factor * scale[i] + bias[i] */
HRS_CLONES static void NAME(affine_each)(hrs_count n, const T *x, T mean, T factor, const T *scale,
                                         const T *bias, T *y) {
  if (bias) {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++)
      y[i] = (x[i] - mean) * factor * scale[i] + bias[i];
  } else {
    HRS_INDEPENDENT
    for (hrs_count i = 0; i < n; i++)
      y[i] = (x[i] - mean) * factor * scale[i];
  }
}

static void NAME(factors)(hrs_count channels, T epsilon, const T *scale, const T *variance,
                          T *factor) {
  for (hrs_count c = 0; c < channels; c++)
    factor[c] = scale[c] / sqrt(variance[c] + epsilon);
}

HRS_CLONES static void NAME(batch_vector)(hrs_count n, const T *x, const T *mean, const T *factor,
                                          const T *bias, T *y) {
  HRS_INDEPENDENT
  for (hrs_count c = 0; c < n; c++)
    y[c] = (x[c] - mean[c]) * factor[c] + bias[c];
}

static void NAME(batch)(hrs_count images, hrs_count channels, hrs_count pixels, const T *x,
                        const T *mean, const T *factor, const T *bias, T *y) {
  hrs_count image = channels * pixels;
  for (hrs_count i = 0; i < images; i++, x += image, y += image) {
    if (pixels == 1)
      NAME(batch_vector)(channels, x, mean, factor, bias, y);
    else
      for (hrs_count c = 0; c < channels; c++)
        NAME(affine)(pixels, x + c * pixels, mean[c], factor[c], bias[c], y + c * pixels);
  }
}

static void NAME(group)(hrs_count images, hrs_count groups, hrs_count channels, hrs_count pixels,
                        bool per_channel, T epsilon, const T *x, const T *scale, const T *bias,
                        T *y) {
  hrs_count n = channels * pixels;
  for (hrs_count i = 0; i < images; i++) {
    for (hrs_count g = 0; g < groups; g++, x += n, y += n) {
      T mean, variance;
      NAME(moments)(n, x, &mean, &variance);
      T factor = 1 / sqrt(variance + epsilon);
      for (hrs_count c = 0; c < channels; c++) {
        hrs_count k = per_channel ? g * channels + c : g;
        NAME(affine)(pixels, x + c * pixels, mean, factor * scale[k], bias[k], y + c * pixels);
      }
    }
  }
}

static void NAME(layer)(const layer *state, T epsilon, const T *x, const T *scale, const T *bias,
                        T *y, float *means, float *inverses) {
  for (hrs_count r = 0; r < state->rows; r++, x += state->inner, y += state->inner) {
    T mean, variance;
    NAME(moments)(state->inner, x, &mean, &variance);
    T factor = 1 / sqrt(variance + epsilon);
    if (means) means[r] = (float)mean;
    if (inverses) inverses[r] = (float)factor;
    NAME(affine_each)(state->inner, x, mean, factor, scale, bias, y);
  }
}

static void NAME(lrn)(hrs_count channels, hrs_count pixels, int64_t size, T alpha, T beta, T bias,
                      const T *x, T *y) {
  hrs_count below = (size - 1) / 2, above = size - 1 - below;
  for (hrs_count c = 0; c < channels; c++) {
    hrs_count from = c > below ? c - below : 0;
    hrs_count to = above < channels - 1 - c ? c + above : channels - 1;
    for (hrs_count i = 0; i < pixels; i++) {
      T sum = 0;
      for (hrs_count k = from; k <= to; k++)
        sum += x[k * pixels + i] * x[k * pixels + i];
      y[c * pixels + i] = x[c * pixels + i] / pow(bias + alpha / (T)size * sum, beta);
    }
  }
}

static void NAME(lp)(hrs_count outer, hrs_count n, hrs_count inner, int64_t p, const T *x, T *y) {
  for (hrs_count o = 0; o < outer; o++, x += n * inner, y += n * inner) {
    for (hrs_count i = 0; i < inner; i++) {
      T norm = 0;
      for (hrs_count k = 0; k < n; k++)
        norm += p == 1 ? fabs(x[k * inner + i]) : x[k * inner + i] * x[k * inner + i];
      if (p == 2) norm = sqrt(norm);
      for (hrs_count k = 0; k < n; k++)
        y[k * inner + i] = norm == 0 ? 0 : x[k * inner + i] / norm;
    }
  }
}
