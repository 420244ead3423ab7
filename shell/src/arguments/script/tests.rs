use super::*;

/// The element with the hole, where `@` is a placeholder and `|` parts elements.
fn element(run: &str) -> Option<usize> {
    let run: Vec<_> = run.split('|').map(|element| element.replace('@', "\0")).collect();
    hole(&run).map(|hole| hole.element)
}

#[test]
fn a_placeholder_in_a_script_is_found_however_the_shell_is_started() {
    for (run, at) in [
        ("sh|-c|echo @", 3),
        ("/bin/bash|-c|@", 3),
        ("bash|-ec|echo @", 3),
        ("bash|-xc|-e|echo @", 4),
        ("bash|-o|pipefail|-c|echo @", 5),
        ("bash|-c|-o|pipefail|echo @", 5),
        ("bash|--norc|--rcfile|x|-c|echo @", 6),
        ("zsh|-c|echo @|zsh|x", 3),
        ("ksh93|-c|@", 3),
        ("/usr/bin/env|bash|-c|@", 4),
        ("env|A=b|sh|-c|@", 5),
        ("env|-S|bash -c @", 3),
        ("env|--split-string=bash -c @", 2),
        ("sudo|-u|www|sh|-c|@", 6),
        ("busybox|sh|-c|@", 4),
        ("docker|exec|x|sh|-c|@", 6),
        ("fish|-c|@", 3),
        ("fish|--command=@", 2),
        ("fish|--command|@", 3),
        ("fish|-C|@", 3),
        ("tcsh|-fc|@", 3),
        ("su|www|-c|@", 4),
        ("runuser|-l|www|--command=@", 4),
        ("sh|-@|x", 2),
    ] {
        assert_eq!(element(run), Some(at), "{run}");
    }
}

#[test]
fn a_placeholder_in_a_script_of_another_interpreter_is_found_too() {
    for (run, at) in [
        ("python3.12|-c|print(@)", 3),
        ("python3|-Wignore|-Ic|@", 4),
        ("python3|-W|ignore|-c|@", 5),
        ("python3|-cprint(@)", 2),
        ("perl|-ne|print if /@/", 3),
        ("perl|-e|1|-e|@", 5),
        ("perl5.36|-eprint @", 2),
        ("ruby|-r|json|-e|@", 5),
        ("node|--eval=@", 2),
        ("node|-p|@", 3),
        ("php|-r|echo @;", 3),
        ("lua5.4|-e|@", 3),
        ("awk|-F|:|{print @}", 4),
        ("gawk|/@/ {print}|file", 2),
    ] {
        assert_eq!(element(run), Some(at), "{run}");
    }
}

#[test]
fn a_placeholder_that_chooses_what_an_interpreter_loads_is_found() {
    for (run, at) in [
        ("perl|-Mstrict@|-e|1", 2),
        ("perl|-m@|x.pl", 2),
        ("perl|-F@|-ane|1", 2),
        ("perl|-d:@|x.pl", 2),
        ("perl|-I|@|x.pl", 3),
        ("perl|-MData::Dumper|-e|@", 4),
        ("perl|-e|1|-M@", 4),
        ("ruby|-r|@|-e|1", 3),
        ("ruby|-r@|x.rb", 2),
        ("python3|-m|@", 3),
        ("python3|-X|@|x.py", 3),
        ("node|-r|@|x.js", 3),
        ("node|--require|@|x.js", 3),
        ("node|--import=@|x.js", 2),
        ("node|--require|a|@", 4),
        ("node|--inspect=@|x.js", 2),
        ("php|-d|auto_prepend_file=@|x.php", 3),
        ("php|-f|@", 3),
        ("php|-B|1|-E|@", 5),
        ("lua|-l|@|x.lua", 3),
        ("lua|-e|1|@", 4),
        ("awk|-f|@|x", 3),
        ("gawk|-i|@|1", 3),
        ("gawk|--include=@|1", 2),
        ("bash|@", 2),
        ("bash|--rcfile|@", 3),
        ("bash|-x|--|@", 4),
        ("python3|@|x", 2),
        ("perl|-w|/srv/@.pl", 3),
        ("docker|exec|x|sh|@", 5),
        ("env|python3|@", 3),
    ] {
        assert_eq!(element(run), Some(at), "{run}");
    }
}

#[test]
fn a_value_behind_a_script_or_without_one_is_data() {
    for run in [
        "sh|-c|echo \"$1\"|sh|@",
        "bash|-ec|echo \"$1\"|bash|@|x",
        "bash|script.sh|-c|@",
        "env|bash|-c|echo \"$1\"|bash|@",
        "env|A=b|-u|X|printenv|@",
        "su|www|-c|echo \"$1\"|sh|@",
        "python3|-c|import sys; print(sys.argv[1])|@",
        "python3|tool.py|-c|@",
        "python3|-m|json.tool|--indent=@",
        "perl|-MData::Dumper|-e|print $ARGV[0]|@",
        "perl|-MData::Dumper|tool.pl|--x=@",
        "node|-r|a|tool.js|@",
        "php|-f|tool.php|@",
        "bash|script.sh|@",
        "perl|-e|print $ARGV[0]|@",
        "awk|BEGIN {print ARGV[1]}|@",
        "awk|-f|program.awk|@",
        "awk|-v|x=@|{print x}",
        "systemctl|restart|@",
        "tar|-c|@",
    ] {
        assert_eq!(element(run), None, "{run}");
    }
}
