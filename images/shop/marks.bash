# Tells the terminal where prompts, commands and their output are (OSC 133), and
# in which folder the shell is (OSC 7). Read by every interactive bash.
#
# No process is started for a prompt, and $? stays as it was.

case $TERM in
# These would show the marks.
dumb | linux | '') return ;;
esac

# Before a prompt: the status of the last command, that a prompt begins, and the
# folder. \# counts the commands (here from 0): a shell that was started by a
# command of another shell ends nothing with its first prompt.
__drydock_over=('' 'D;')
__drydock_begin='\e]133;${__drydock_over[\#>0]}$?\a\e]133;A\a\e]7;file://\H${PWD//%/%25}\a'
# Each further line of it: readline often draws only the last one anew.
__drydock_line=$'\e]133;P\a'
# Before the prompt of a line that continues a command.
__drydock_more=$'\e]133;P;k=s\a'
# After either: what is typed begins.
__drydock_end=$'\e]133;B\a'
# When a command starts.
__drydock_runs=$'\e]133;C\a'

# Puts the marks around prompts that have none, since prompts are there to be
# changed. An exported prompt would reach shells that cannot read it.
__drydock_mark() {
    local begin='\[${__drydock_begin@P}\]' more='\[${__drydock_more}\]'
    local line='\[${__drydock_line}\]' end='\[${__drydock_end}\]' runs='${__drydock_runs}'
    if [[ ${PS1-} != "$begin"*"$end" ]]; then
        PS1=${PS1-}
        PS1=${PS1//"$begin"/} PS1=${PS1//"$line"/} PS1=${PS1//"$end"/}
        PS1=${PS1//'\n'/'\n'"$line"}
        PS1=$begin${PS1//$'\n'/$'\n'"$line"}$end
        export -n PS1
    fi
    if [[ ${PS2-} != "$more"*"$end" ]]; then
        PS2=${PS2-}
        PS2=${PS2//"$more"/} PS2=$more${PS2//"$end"/}$end
        export -n PS2
    fi
    if [[ ${PS0-} != "$runs"* ]]; then
        PS0=${PS0-}
        PS0=$runs${PS0//"$runs"/}
        export -n PS0
    fi
    return 0
}

# Not the first of the list, which is the one that PROMPT_COMMAND='...' replaces.
# What it would say is thrown away: `set -x` is not about this.
PROMPT_COMMAND[9]='{ __drydock_mark; } 2>/dev/null'
