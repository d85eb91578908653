/* conv_transpose_template.h -- columns are added to an image, for one type of elements
 * (each_type.h). */

static void NAME(spread)(hrs_count channels, hrs_count pixels, const void *bias_, void *out_) {
  const T *bias = bias_;
  T *out = out_;
  for (hrs_count m = 0; m < channels; m++)
    for (hrs_count i = 0; i < pixels; i++)
      *out++ = bias ? bias[m] : 0;
}

static void NAME(fold)(const hrs_window *w, hrs_count channels, const void *columns, void *out_) {
  const T *from = columns;
  T *out = out_;
  hrs_count pixels = hrs_window_out(w), plane = hrs_window_in(w), stride = w->stride[2];
  for (hrs_count m = 0; m < channels; m++, out += plane) {
    for (hrs_count kd = 0; kd < w->kernel[0]; kd++) {
      for (hrs_count kh = 0; kh < w->kernel[1]; kh++) {
        for (hrs_count kw = 0; kw < w->kernel[2]; kw++, from += pixels) {
          hrs_count first, end, shift = hrs_window_at(w, 2, 0, kw);
          hrs_window_range(w, 2, kw, &first, &end);
          for (hrs_count od = 0; od < w->out[0]; od++) {
            hrs_count d = hrs_window_at(w, 0, od, kd);
            for (hrs_count oh = 0; oh < w->out[1]; oh++) {
              hrs_count h = hrs_window_at(w, 1, oh, kh);
              if (d < 0 || d >= w->in[0] || h < 0 || h >= w->in[1]) continue;
              const T *line = from + (od * w->out[1] + oh) * w->out[2];
              T *to = out + (d * w->in[1] + h) * w->in[2];
              for (hrs_count i = first; i < end; i++)
                to[i * stride + shift] += line[i];
            }
          }
        }
      }
    }
  }
}
