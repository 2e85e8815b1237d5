#include "varlink/service.h"

#include <errno.h>
#include <string.h>

#include "varlink/json.h"

static const char org_varlink_service[] =
    "# The Varlink Service Interface is provided by every varlink service. It\n"
    "# describes the service and the interfaces it implements.\n"
    "interface org.varlink.service\n"
    "\n"
    "# Get a list of all the interfaces a service provides and information\n"
    "# about the implementation.\n"
    "method GetInfo() -> (\n"
    "  vendor: string,\n"
    "  product: string,\n"
    "  version: string,\n"
    "  url: string,\n"
    "  interfaces: []string\n"
    ")\n"
    "\n"
    "# Get the description of an interface that is implemented by this service.\n"
    "method GetInterfaceDescription(interface: string) -> (description: string)\n"
    "\n"
    "# The requested interface was not found.\n"
    "error InterfaceNotFound (interface: string)\n"
    "\n"
    "# The requested method was not found\n"
    "error MethodNotFound (method: string)\n"
    "\n"
    "# The interface defines the requested method, but the service does not\n"
    "# implement it.\n"
    "error MethodNotImplemented (method: string)\n"
    "\n"
    "# One of the passed parameters is invalid.\n"
    "error InvalidParameter (parameter: string)\n";

static const char own_name[] = "org.varlink.service";

void service_invalid_parameter(struct service_call *c, const char *parameter)
{
    message_error(c->out, c->lines, "org.varlink.service.InvalidParameter", "parameter", parameter,
                  NULL);
}

static void get_info(const struct service *s, struct service_call *c)
{
    static const char *const known[] = {NULL};
    struct params p;
    struct json_out o;

    params_init(&p, c->message->parameters, known);
    if (p.bad) {
        service_invalid_parameter(c, p.bad);
        return;
    }
    message_begin(&o, c->out);
    json_string(&o, "vendor", s->vendor);
    json_string(&o, "product", s->product);
    json_string(&o, "version", s->version);
    json_string(&o, "url", s->url);
    json_begin_array(&o, "interfaces");
    json_string(&o, NULL, own_name);
    for (const struct service_interface *i = s->interfaces; i->name; i++)
        json_string(&o, NULL, i->name);
    json_end_array(&o);
    message_end(&o, false, c->lines);
}

static void get_description(const struct service *s, struct service_call *c)
{
    static const char *const known[] = {"interface", NULL};
    const char *text = NULL;
    const char *name;
    struct params p;
    struct json_out o;

    params_init(&p, c->message->parameters, known);
    name = params_text(&p, "interface");
    if (p.bad || !name) {
        service_invalid_parameter(c, p.bad ? p.bad : "interface");
        return;
    }
    if (strcmp(name, own_name) == 0)
        text = org_varlink_service;
    for (const struct service_interface *i = s->interfaces; i->name; i++)
        if (strcmp(name, i->name) == 0)
            text = i->description;
    if (!text) {
        message_error(c->out, c->lines, "org.varlink.service.InterfaceNotFound", "interface", name,
                      NULL);
        return;
    }
    message_begin(&o, c->out);
    json_string(&o, "description", text);
    message_end(&o, false, c->lines);
}

static bool is_named(const char *name, const char *text, size_t len)
{
    return strlen(name) == len && memcmp(name, text, len) == 0;
}

static void no_such_method(struct service_call *c)
{
    message_error(c->out, c->lines, "org.varlink.service.MethodNotFound", "method",
                  c->message->method, NULL);
}

static void no_such_interface(struct service_call *c, size_t len)
{
    struct strbuf name = STRBUF_INIT;

    strbuf_add_bytes(&name, c->message->method, len);
    message_error(c->out, c->lines, "org.varlink.service.InterfaceNotFound", "interface",
                  strbuf_text(&name), NULL);
    strbuf_finish(&name);
}

/* "io.reeve.Manager.Health": the interface is what stands before the last dot. */
static void dispatch(const struct service *s, struct service_call *c)
{
    const char *dot = strrchr(c->message->method, '.');
    size_t len = dot ? (size_t)(dot - c->message->method) : 0;

    if (!dot || !dot[1]) {
        no_such_method(c);
        return;
    }
    if (is_named(own_name, c->message->method, len)) {
        if (strcmp(dot + 1, "GetInfo") == 0)
            get_info(s, c);
        else if (strcmp(dot + 1, "GetInterfaceDescription") == 0)
            get_description(s, c);
        else
            no_such_method(c);
        return;
    }
    for (const struct service_interface *i = s->interfaces; i->name; i++) {
        if (!is_named(i->name, c->message->method, len))
            continue;
        for (const struct service_method *m = i->methods; m->name; m++) {
            if (strcmp(m->name, dot + 1) == 0) {
                m->fn(c);
                return;
            }
        }
        no_such_method(c);
        return;
    }
    no_such_interface(c, len);
}

/* A message that is no call: there is nothing in Varlink to answer it with, so the interface that
 * this service is about has an error for it. */
static void answer_malformed(struct strbuf *out, bool lines, const char *why)
{
    struct strbuf text = STRBUF_INIT;

    strbuf_addf(&text, "The message is not a Varlink call: %s.", why);
    message_error(out, lines, "io.reeve.Manager.MalformedMessage", "message", strbuf_text(&text),
                  NULL);
    strbuf_finish(&text);
}

int service_take(const struct service *s, const struct frame *frame, struct strbuf *out,
                 void *context)
{
    struct strbuf dropped = STRBUF_INIT;
    struct message_call call;
    struct service_call c = {&call, out, frame->lines, context};
    const char *why;
    int r;

    r = message_call_parse(frame->text, frame->len_bytes, &call, &why);
    if (r == -EINVAL) {
        answer_malformed(out, frame->lines, why);
        return 0;
    }
    if (r < 0)
        return r;
    if (call.oneway)
        c.out = &dropped;
    dispatch(s, &c);
    strbuf_finish(&dropped);
    message_call_finish(&call);
    return 0;
}
