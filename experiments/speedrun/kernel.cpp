// C1 to S4 of LeNet-5 with ReLU and 2x2 max pooling, forward and backward, on a CPU.
//
// What torch's general layers cannot use, and this does:
// - convolution, bias, ReLU and pooling are one pass: the maps before pooling are never
//   stored, only where each maximum stood;
// - a maximum passes its gradient to one of four positions, and a dead ReLU to none: the
//   backward pass visits only positions that have a gradient, an eighth or so of them;
// - most windows of C1 see nothing but background: their sum is known in advance.
//
// Eight floats are one vector. Six maps of S2 fill six of its lanes, 16 of C3 two vectors.
// Layouts: x [N][32][32], s2 [14][14][8], s4 [N][5][5][16]; w1, w3 as torch has them.

#include <cstdint>
#include <cstring>

typedef float v8 __attribute__((vector_size(32)));
typedef float v8u __attribute__((vector_size(32), aligned(4)));  // at any address
typedef int32_t i8 __attribute__((vector_size(32)));
typedef uint8_t b8 __attribute__((vector_size(8), aligned(1)));

enum { X = 32, S2 = 14, S4 = 5, C1 = 6, C3 = 16, K = 5, BLANK = 4, DEAD = 255 };
enum { S2_FLOATS = S2 * S2 * 8, S4_FLOATS = S4 * S4 * C3 };

static inline v8 load(const float *p) { return *(const v8u *)p; }
static inline void store(float *p, v8 v) { *(v8u *)p = v; }
static inline v8 all(float f) { return v8{f, f, f, f, f, f, f, f}; }

// The largest of four with the bias added, ReLU, and which of the four it was.
static inline void pool(v8 a, v8 b, v8 c, v8 d, v8 bias, float *out, uint8_t *code) {
  v8 top = a > b ? a : b, low = c > d ? c : d;
  i8 which_top = (a < b) & 1, which_low = ((c < d) & 1) + 2;
  i8 which = top >= low ? which_top : which_low;
  v8 value = (top >= low ? top : low) + bias;
  i8 dead = value <= 0;
  store(out, dead ? v8{} : value);
  *(b8 *)code = __builtin_convertvector(which | dead, b8);
}

static void c1_forward(const float *x, const v8 *w, v8 bias, float background, float *s2,
                       uint8_t *code) {
  v8 total{};
  for (int k = 0; k < K * K; k++) total += w[k];
  v8 blank = total * background + bias;
  i8 blank_dead = blank <= 0;
  blank = blank_dead ? v8{} : blank;
  b8 blank_code = __builtin_convertvector(blank_dead | (int)BLANK, b8);
  for (int y = 0; y < S2; y++)
    for (int col = 0; col < S2; col += 2) {  // two pooled columns at a time
      const float *from = x + 2 * y * X + 2 * col;
      i8 ink{};
      for (int r = 0; r < K + 1; r++) ink |= load(from + r * X) != background;
      uint64_t bits[4];
      memcpy(bits, &ink, sizeof bits);
      float *to = s2 + (y * S2 + col) * 8;
      uint8_t *where = code + (y * S2 + col) * 8;
      if (!(bits[0] | bits[1] | bits[2] | bits[3])) {
        store(to, blank), store(to + 8, blank);
        *(b8 *)where = *(b8 *)(where + 8) = blank_code;
        continue;
      }
      v8 a[4] = {}, b[4] = {};  // upper and lower row of four columns
      for (int ky = 0; ky < K; ky++)
#pragma GCC unroll 5
        for (int kx = 0; kx < K; kx++) {
          v8 weight = w[ky * K + kx];
          const float *p = from + ky * X + kx;
#pragma GCC unroll 4
          for (int j = 0; j < 4; j++) {
            a[j] += all(p[j]) * weight;
            b[j] += all(p[X + j]) * weight;
          }
        }
      pool(a[0], a[1], b[0], b[1], bias, to, where);
      pool(a[2], a[3], b[2], b[3], bias, to + 8, where + 8);
    }
}

static void c3_forward(const float *s2, const v8 *w, const float *bias, float *s4,
                       uint8_t *code) {
  for (int y = 0; y < S4; y++)
    for (int col = 0; col < S4; col++) {
      v8 a[4] = {}, b[4] = {};  // lower and upper eight maps at the four positions
      for (int ky = 0; ky < K; ky++)
        for (int kx = 0; kx < K; kx++) {
          const float *p = s2 + ((2 * y + ky) * S2 + 2 * col + kx) * 8;
          const v8 *weight = w + (ky * K + kx) * C1 * 2;
#pragma GCC unroll 6
          for (int c = 0; c < C1; c++) {
            v8 w0 = weight[2 * c], w1 = weight[2 * c + 1];
#pragma GCC unroll 4
            for (int j = 0; j < 4; j++) {
              v8 value = all(p[(j / 2 * S2 + j % 2) * 8 + c]);
              a[j] += value * w0;
              b[j] += value * w1;
            }
          }
        }
      int at = (y * S4 + col) * C3;
      pool(a[0], a[1], a[2], a[3], load(bias), s4 + at, code + at);
      pool(b[0], b[1], b[2], b[3], load(bias + 8), s4 + at + 8, code + at + 8);
    }
}

struct Unit {
  int at;   // where its window begins
  float g;  // its gradient
};

// ds2 and dw: [C3][K][K] vectors over the maps of S2, like w.
static void c3_backward(const float *s2, const uint8_t *code, const float *ds4, const v8 *w,
                        float *ds2, v8 *dw, float *db) {
  for (int o = 0; o < C3; o++) {
    Unit alive[S4 * S4];
    int n = 0;
    for (int p = 0; p < S4 * S4; p++) {
      int which = code[p * C3 + o];
      int y = p / S4 * 2 + (which >> 1 & 1), col = p % S4 * 2 + (which & 1);
      alive[n] = {(y * S2 + col) * 8, ds4[p * C3 + o]};
      n += which != DEAD;
    }
    for (int i = 0; i < n; i++) db[o] += alive[i].g;
    for (int ky = 0; ky < K; ky++) {
      const v8 *wk = w + (o * K + ky) * K;
      v8 *dwk = dw + (o * K + ky) * K;
      v8 weight[K], sum[K];
      for (int k = 0; k < K; k++) weight[k] = wk[k], sum[k] = dwk[k];
      for (int i = 0; i < n; i++) {
        int at = alive[i].at + ky * S2 * 8;
        v8 g = all(alive[i].g);
#pragma GCC unroll 5
        for (int k = 0; k < K; k++) {
          sum[k] += g * load(s2 + at + 8 * k);
          store(ds2 + at + 8 * k, load(ds2 + at + 8 * k) + g * weight[k]);
        }
      }
      for (int k = 0; k < K; k++) dwk[k] = sum[k];
    }
  }
}

// dw: [C1][K] vectors, a row of five weights in each. Blank windows are summed apart.
static void c1_backward(const float *x, const uint8_t *code, const float *ds2, v8 *dw,
                        float *db, float *blank) {
  for (int c = 0; c < C1; c++) {
    Unit alive[S2 * S2];
    int n = 0;
    for (int p = 0; p < S2 * S2; p++) {
      int which = code[p * 8 + c];
      float g = ds2[p * 8 + c];
      int y = p / S2 * 2 + (which >> 1 & 1), col = p % S2 * 2 + (which & 1);
      alive[n] = {y * X + col, g};
      n += which < BLANK;
      blank[c] += which == BLANK ? g : 0;
    }
    v8 sum[K];
    for (int k = 0; k < K; k++) sum[k] = dw[c * K + k];
    for (int i = 0; i < n; i++) {
      v8 g = all(alive[i].g);
      db[c] += alive[i].g;
#pragma GCC unroll 5
      for (int k = 0; k < K; k++) sum[k] += g * load(x + alive[i].at + k * X);
    }
    for (int k = 0; k < K; k++) dw[c * K + k] = sum[k];
  }
}

extern "C" {

// x: all images; rows: which of them. Fills s2 and the two codes for backward().
void forward(const float *x, const int64_t *rows, int n, const float *w1, const float *b1,
             const float *w3, const float *b3, float background, float *s2, uint8_t *code2,
             float *s4, uint8_t *code4, int threads) {
  alignas(32) float packed1[K * K * 8] = {}, bias1[8] = {}, packed3[K * K * C1 * C3];
  for (int c = 0; c < C1; c++) {
    bias1[c] = b1[c];
    for (int k = 0; k < K * K; k++) packed1[k * 8 + c] = w1[c * K * K + k];
  }
  for (int o = 0; o < C3; o++)
    for (int c = 0; c < C1; c++)
      for (int k = 0; k < K * K; k++)
        packed3[(k * C1 + c) * C3 + o] = w3[(o * C1 + c) * K * K + k];
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int i = 0; i < n; i++) {
    float *maps = s2 + (int64_t)i * S2_FLOATS;
    c1_forward(x + rows[i] * X * X, (const v8 *)packed1, load(bias1), background, maps,
               code2 + (int64_t)i * S2_FLOATS);
    c3_forward(maps, (const v8 *)packed3, b3, s4 + (int64_t)i * S4_FLOATS,
               code4 + (int64_t)i * S4_FLOATS);
  }
}

// Sets dw1, db1, dw3, db3 to the sums over the batch, given ds4.
void backward(const float *x, const int64_t *rows, int n, const float *w3, float background,
              const float *s2, const uint8_t *code2, const float *ds4, const uint8_t *code4,
              float *dw1, float *db1, float *dw3, float *db3, int threads) {
  alignas(32) float packed[C3 * K * K * 8] = {};
  for (int o = 0; o < C3; o++)
    for (int c = 0; c < C1; c++)
      for (int k = 0; k < K * K; k++)
        packed[(o * K * K + k) * 8 + c] = w3[(o * C1 + c) * K * K + k];
  memset(dw1, 0, C1 * K * K * sizeof(float)), memset(db1, 0, C1 * sizeof(float));
  memset(dw3, 0, C3 * C1 * K * K * sizeof(float)), memset(db3, 0, C3 * sizeof(float));
#pragma omp parallel num_threads(threads)
  {
    alignas(32) float sum3[C3 * K * K * 8] = {}, sum1[C1 * K * 8] = {}, ds2[S2_FLOATS];
    float bias3[C3] = {}, bias1[C1] = {}, blank[C1] = {};
    alignas(32) float image[X * X + 8] = {};
#pragma omp for schedule(static)
    for (int i = 0; i < n; i++) {
      memset(ds2, 0, sizeof ds2);
      memcpy(image, x + rows[i] * X * X, X * X * sizeof(float));
      c3_backward(s2 + (int64_t)i * S2_FLOATS, code4 + (int64_t)i * S4_FLOATS,
                  ds4 + (int64_t)i * S4_FLOATS, (const v8 *)packed, ds2, (v8 *)sum3, bias3);
      c1_backward(image, code2 + (int64_t)i * S2_FLOATS, ds2, (v8 *)sum1, bias1, blank);
    }
#pragma omp critical
    {
      for (int c = 0; c < C1; c++) {
        db1[c] += bias1[c] + blank[c];
        for (int k = 0; k < K * K; k++)
          dw1[c * K * K + k] += sum1[(c * K + k / K) * 8 + k % K] + blank[c] * background;
      }
      for (int o = 0; o < C3; o++) {
        db3[o] += bias3[o];
        for (int c = 0; c < C1; c++)
          for (int k = 0; k < K * K; k++)
            dw3[(o * C1 + c) * K * K + k] += sum3[(o * K * K + k) * 8 + c];
      }
    }
  }
}
}
