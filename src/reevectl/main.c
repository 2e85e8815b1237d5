/* reevectl: what a person or a script asks of reeved. */
#include <stdlib.h>

#include "base/version.h"
#include "reevectl/call.h"
#include "reevectl/options.h"
#include "reevectl/output.h"
#include "reevectl/terminal.h"
#include "reevectl/verbs.h"

static int print_version(void)
{
    struct strbuf b = STRBUF_INIT;

    strbuf_add(&b, "reevectl " REEVE_VERSION "\n");
    return output(&b, EXIT_OK);
}

int main(int argc, char **argv)
{
    struct options options;
    struct session session;
    int code;

    output_init();
    code = options_parse(&options, argc, argv);
    if (code == 0 && options.help) {
        code = verbs_help(options.verb);
    } else if (code == 0 && options.version) {
        code = print_version();
    } else if (code == 0) {
        session_init(&session, &options, terminal_init_locale());
        code = options.verb->run(&session, options.args, options.n_args);
        session_finish(&session);
    }
    return output_finish(code);
}
