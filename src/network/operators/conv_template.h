/* conv_template.h -- copies into and out of column matrices, for one type of elements
 * (each_type.h). */

/* Columns of one image and group: to[k * row + pixel]. */
static void NAME(unfold)(const hrs_conv *conv, const void *image, void *columns, hrs_count row) {
  const hrs_window *w = &conv->window;
  const T *x = image;
  T *to = columns;
  hrs_count plane = hrs_window_in(w), width = w->out[2], stride = w->stride[2];
  for (hrs_count c = 0; c < conv->in_channels; c++, x += plane) {
    for (hrs_count kd = 0; kd < w->kernel[0]; kd++) {
      for (hrs_count kh = 0; kh < w->kernel[1]; kh++) {
        for (hrs_count kw = 0; kw < w->kernel[2]; kw++, to += row) {
          hrs_count from, end;
          hrs_window_range(w, 2, kw, &from, &end);
          hrs_count shift = hrs_window_at(w, 2, 0, kw);
          T *line = to;
          for (hrs_count od = 0; od < w->out[0]; od++) {
            hrs_count d = hrs_window_at(w, 0, od, kd);
            for (hrs_count oh = 0; oh < w->out[1]; oh++, line += width) {
              hrs_count h = hrs_window_at(w, 1, oh, kh);
              if (d < 0 || d >= w->in[0] || h < 0 || h >= w->in[1]) {
                for (hrs_count i = 0; i < width; i++)
                  line[i] = 0;
                continue;
              }
              const T *source = x + (d * w->in[1] + h) * w->in[2];
              for (hrs_count i = 0; i < from; i++)
                line[i] = 0;
              if (stride == 1)
                for (hrs_count i = from; i < end; i++)
                  line[i] = source[i + shift];
              else
                for (hrs_count i = from; i < end; i++)
                  line[i] = source[i * stride + shift];
              for (hrs_count i = end; i < width; i++)
                line[i] = 0;
            }
          }
        }
      }
    }
  }
}

/* The same for small planes, where working out what lies outside would take longer than the
 * copies: each channel is set into a frame of zeros once. */
static void NAME(unfold_small)(const hrs_conv *conv, const void *image, void *columns,
                               hrs_count row) {
  const hrs_window *w = &conv->window;
  const T *x = image;
  T *to = columns, frame[SMALL_PLANE] = {0};
  hrs_count width = w->out[2], height = w->out[1], pitch = reach(w, 2);
  hrs_count copied = pitch - w->before[2] < w->in[2] ? pitch - w->before[2] : w->in[2];
  hrs_count lines = reach(w, 1) - w->before[1] < w->in[1] ? reach(w, 1) - w->before[1] : w->in[1];
  for (hrs_count c = 0; c < conv->in_channels; c++, x += w->in[1] * w->in[2]) {
    for (hrs_count h = 0; h < lines; h++)
      for (hrs_count i = 0; i < copied; i++)
        frame[(h + w->before[1]) * pitch + w->before[2] + i] = x[h * w->in[2] + i];
    for (hrs_count kh = 0; kh < w->kernel[1]; kh++)
      for (hrs_count kw = 0; kw < w->kernel[2]; kw++, to += row) {
        const T *from = frame + kh * w->dilation[1] * pitch + kw * w->dilation[2];
        T *line = to;
        for (hrs_count h = 0; h < height; h++, line += width, from += pitch) {
          /* Sizes that the compiler knows become a move or two. */
          if (width == 4)
            memcpy(line, from, 4 * sizeof(T));
          else if (width == 8)
            memcpy(line, from, 8 * sizeof(T));
          else
            for (hrs_count i = 0; i < width; i++)
              line[i] = from[i];
        }
      }
  }
}

/* The same, transposed: one row of taps per pixel. Whole kernel rows are copied, which is
 * faster where those are longer than rows of pixels (patch embeddings). */
static void NAME(unfold_rows)(const hrs_conv *conv, const void *image, void *rows) {
  const hrs_window *w = &conv->window;
  T *to = rows;
  hrs_count plane = hrs_window_in(w), length = w->kernel[2];
  for (hrs_count o = 0; o < hrs_window_out(w); o++) {
    hrs_count ow = o % w->out[2], oh = o / w->out[2] % w->out[1], od = o / w->out[2] / w->out[1];
    hrs_count first = hrs_window_at(w, 2, ow, 0), from = first < 0 ? -first : 0;
    hrs_count end = w->in[2] - first < length ? w->in[2] - first : length;
    const T *x = image;
    for (hrs_count c = 0; c < conv->in_channels; c++, x += plane) {
      for (hrs_count kd = 0; kd < w->kernel[0]; kd++) {
        hrs_count d = hrs_window_at(w, 0, od, kd);
        for (hrs_count kh = 0; kh < w->kernel[1]; kh++, to += length) {
          hrs_count h = hrs_window_at(w, 1, oh, kh);
          if (d < 0 || d >= w->in[0] || h < 0 || h >= w->in[1] || from >= end) {
            memset(to, 0, (size_t)length * sizeof *to);
            continue;
          }
          const T *line = x + (d * w->in[1] + h) * w->in[2] + first;
          for (hrs_count i = 0; i < from; i++)
            to[i] = 0;
          for (hrs_count i = from; i < end; i++)
            to[i] = line[i];
          for (hrs_count i = end; i < length; i++)
            to[i] = 0;
        }
      }
    }
  }
}

static void NAME(spread)(hrs_count channels, hrs_count pixels, const void *bias_, void *out_) {
  const T *bias = bias_;
  T *out = out_;
  for (hrs_count m = 0; m < channels; m++)
    for (hrs_count i = 0; i < pixels; i++)
      out[m * pixels + i] = bias[m];
}

static void NAME(collect)(hrs_count channels, hrs_count pixels, hrs_count row, const void *block_,
                          const void *bias_, void *out_) {
  const T *block = block_, *bias = bias_;
  T *out = out_;
  for (hrs_count m = 0; m < channels; m++) {
    T shift = bias ? bias[m] : 0;
    for (hrs_count i = 0; i < pixels; i++)
      out[m * pixels + i] = block[m * row + i] + shift;
  }
}
