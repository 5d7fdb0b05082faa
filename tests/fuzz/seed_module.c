// What a compiled module is made of, without any header, so that it compiles for every platform. make_seeds.py chooses
// the parts with -D. HEAD is the word that PyObject_HEAD_INIT makes (3.14's when not given).
#ifndef HEAD
#define HEAD 0x00050000c0000000
#endif
#if defined(SINGLE) || defined(FILLED)
#define SLOTS 0
#else
#define SLOTS slots
#endif
#ifdef _WIN32
#define API __declspec(dllimport)
#define HOOK __declspec(dllexport)
#else
#define API extern
#define HOOK __attribute__((visibility("default")))
#endif

typedef unsigned long long Word;
typedef struct {
  Word head;
  void* type;
} Object;

API Object PyType_Type, PyModule_Type, *PyExc_ValueError;
API Object* PyModuleDef_Init(void*);
API Object* PyModule_Create2(void*, int);
API Object* PyErr_NewException(const char*, Object*, Object*);
API Object* PyLong_FromLong(long);
API Object* PyDict_New(void);
API void PyErr_SetString(Object*, const char*);
API int PyModule_AddObject(Object*, const char*, Object*);

typedef struct {
  int id;
  void* value;
} Slot;

typedef struct {
  const char* name;
  void* function;
  int flags;
  const char* doc;
} Method;

typedef struct {
  Object object;
  void* init;
  long long index;
  Object* copy;
  const char *name, *doc;
  long long size;
  Method* methods;
  Slot* slots;
  void *traverse, *clear, *free;
} ModuleDef;

static Object *error, *cache;
static int counter, table[64];
static __thread int calls;
static char buffer[256] = "text";

static Object* count(Object* self, Object* arguments) {
  counter++;
  calls++;
  for (int i = 0; i < 64; ++i) table[i] += i * counter;
  if (!cache) cache = PyDict_New();
  return PyLong_FromLong(counter + calls + table[counter & 63]);
}

static Object* choose(Object* self, Object* arguments) {
  switch ((Word)arguments & 15) {
    case 0: counter = 1; break;
    case 1: counter = 7; break;
    case 2: buffer[1] = 'x'; break;
    case 3: return count(self, arguments);
    case 4: PyErr_SetString(PyExc_ValueError, "no"); return 0;
    case 5: table[5] = 3; break;
    case 6: __atomic_fetch_add(&counter, 1, 5); break;
    case 7: cache = 0; break;
    default: return PyLong_FromLong(buffer[(Word)self & 255]);
  }
  return cache;
}

static int visit(Object* module, void* function, void* argument) { return counter; }

static Method methods[] = {{"count", count, 4, "doc"}, {"choose", choose, 8, 0}, {0, 0, 0, 0}};

static int exec(Object* module) {
  error = PyErr_NewException("_m.error", 0, 0);
  return PyModule_AddObject(module, "error", error);
}

#ifdef TYPE
static struct {
  Object object;
  Word size;
  const char* name;
  long long basic_size, item_size;
  void* words[46];
} type = {{HEAD, 0}, 0, "_m.Type", 32, 0, {count}};
static Object instance = {HEAD, (void*)&type};
#define SHOW_TYPE (type.words[3] = &instance)
#else
#define SHOW_TYPE 0
#endif

#if defined(FILLED)
static Slot slots[6];
#else
static Slot slots[] = {{2, exec}, {3, (void*)2}, {4, (void*)1}, {0, 0}};
#endif

static ModuleDef def = {{HEAD, 0}, 0,       0,     0,     "_m", "A cython_runtime _cython_3_1_2 module",
                        16,        methods, SLOTS, visit, 0,    count};

#if defined(EXPORT)
typedef struct {
  unsigned short id, flags;
  unsigned reserved;
  void* value;
} NewSlot;
static NewSlot nested[] = {{86, 0, 0, (void*)2}, {0, 0, 0, 0}};
static NewSlot new_slots[] = {{100, 0, 0, "_m"},   {85, 0, 0, exec},      {92, 0, 0, nested},
                              {109, 1, 0, nested}, {102, 0, 0, (void*)8}, {0, 0, 0, 0}};
HOOK void* PyModExport__m(void) { return new_slots; }
#endif

HOOK Object* PyInit__m(void) {
  SHOW_TYPE;
#if defined(FILLED)
  int next = 0;
  slots[next++] = (Slot){2, exec};
  if (counter == 0) slots[next++] = (Slot){3, (void*)2};
  slots[next++] = (Slot){4, (void*)1};
  slots[next] = (Slot){0, 0};
  def.slots = slots;
#endif
#if defined(SINGLE)
  Object* module = PyModule_Create2(&def, 1013);
  if (!module || exec(module) < 0) return 0;
  return module;
#else
  return PyModuleDef_Init(&def);
#endif
}
