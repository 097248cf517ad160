//! What a program in a sandbox may print to get at the terminal around it, or to break the one that
//! it is in.

/// Text that must be nowhere but where it was put: in no answer to a question.
pub const EVIL: &str = "EVIL";

/// What is between the items of the lists below.
const NEXT: &str = " | ";

/// What operating system commands say.
const COMMANDS: &str = "\
    0;EVIL | 1;EVIL | 2;EVIL | 2; | 3;EVIL=1 | 4;1;? | 4;1;rgb:ff/00/00;2;? | 5;0;? | 6;1;1 | \
    7;file://sandbox/EVIL | 7;file://sandbox/home/learner | 8;;file:///EVIL | \
    8;id=EVIL;https://EVIL.example/%0a%1b | 8;; | 9;EVIL | 9;4;1;50 | 10;? | 10;red | 11;? | \
    11;#ff0000 | 12;? | 13;? | 17;? | 19;? | 21;foreground=? | 22;wait | 46;/EVIL | \
    50;CursorShape=1 | 50;? | 51;EVIL | 52;c;? | 52;;? | 52;p;? | 52;s0;? | 52;c;! | 60;? | \
    66;s=7;EVIL | 99;i=1:d=0;EVIL | 104 | 104;1 | 105 | 110 | 111 | 112 | 117 | 133;A | \
    133;B | 133;C | 133;D;0 | 133;EVIL | 176;EVIL | 200;~EVIL\r | 633;E;EVIL | 697;EVIL | \
    777;notify;EVIL;EVIL | 1337;SetUserVar=EVIL=RVZJTA== | 1337;CopyToClipboard= | \
    1337;File=name=RVZJTA==;size=4;inline=1:RVZJTA== | 1337;RequestAttention=yes | \
    1337;ReportVariable=dXNlcg== | 1337;EndCopy | 3008;start=EVIL | 5522;type=read | \
    7777;EVIL | 99999999999999999999;EVIL | l EVIL | L EVIL | P0000000 | R | ; |  | \
    0;\x01\x02\x03\n\r\tEVIL\u{9b}31m\u{202e}\u{200f}";

/// What device strings say.
const DEVICE: &str = "\
    +q544e | +q436f;6b75 | +qEVIL | +p544e=4556494c | $qm | $q q | $q\"p | $qr | $qs | \
    $qEVIL | 0;1|17/4556494c | 1;1;0{ EVIL | 1000p | 0;0;0q#0;2;0;0;0~~@@vv@@~~- | =1s | \
    pS(A[0,0])EVIL | !u0 | 1$tEVIL | 2$t1/2 | tmux;\x1b\x1b]0;EVIL\x07 | \
    @kitty-cmd{\"cmd\":\"ls\"} | zz | 0%m";

/// What is answered by one terminal or another.
const QUESTIONS: &str = "\
    \x05 | \x1bZ | \x1b[c | \x1b[0c | \x1b[>c | \x1b[=c | \x1b[5n | \x1b[6n | \x1b[?6n | \
    \x1b[?15n | \x1b[?25n | \x1b[?26n | \x1b[?53n | \x1b[?55n | \x1b[?62n | \x1b[?63;1n | \
    \x1b[?75n | \x1b[?85n | \x1b[?996n | \x1b[x | \x1b[1x | \x1b[?u | \x1b[>q | \x1b[>0q | \
    \x1b[?4m | \x1b[?1;1;0S | \x1b[?2;4;0S | \x1b[1;1;1;1;10;10*y | \x1b[&u | \x1b[&w | \
    \x1b[1$w | \x1b[2$w | \x1b[2$u | \x1b[#R | \x1b[4$p | \x1b[20$p | \x1b[1;1'|";

/// Some output.
pub struct Case {
    pub name: &'static str,
    pub bytes: Vec<u8>,
    /// Whether any terminal shows what follows otherwise than usual, until it is reset.
    pub stays: bool,
    /// Whether the learner is asked about the clipboard.
    pub asks: bool,
    /// Whether answers are read only when all is printed.
    pub deaf: bool,
}

fn case(name: &'static str, parts: &[impl AsRef<[u8]>]) -> Case {
    let bytes = parts.iter().flat_map(|part| part.as_ref().to_vec()).collect();
    Case { name, bytes, stays: false, asks: false, deaf: false }
}

fn lasting(name: &'static str, parts: &[impl AsRef<[u8]>]) -> Case {
    Case { stays: true, ..case(name, parts) }
}

/// Everything.
pub fn all() -> Vec<Case> {
    let mut cases = strings();
    cases.extend(questions());
    cases.extend(text());
    cases.extend(modes());
    cases.extend(bombs());
    cases
}

/// Strings: commands to the operating system, to the device, to the application.
fn strings() -> Vec<Case> {
    let endings: [&[u8]; 4] = [b"\x07", b"\x1b\\", b"\x18", b"\x1a"];
    let every = endings.iter().flat_map(|ending| {
        COMMANDS.split(NEXT).map(move |command| [b"\x1b]", command.as_bytes(), *ending].concat())
    });
    let device: Vec<_> = DEVICE.split(NEXT).map(|it| format!("\x1bP{it}\x1b\\")).collect();
    let others: Vec<_> = ["_", "^", "X"]
        .iter()
        .flat_map(|begin| {
            let inside = [
                "Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA",
                "Ga=T,t=f;L2V0Yy9wYXNzd2Q=",
                "EVIL\x1b[c",
                "]0;EVIL\x07",
                "EVIL\u{9c}EVIL",
                "",
            ];
            inside.map(|inside| format!("\x1b{begin}{inside}\x1b\\"))
        })
        .collect();
    let copies = [
        "\x1b]52;c;RVZJTA==\x07",
        "\x1b]52;;RVZJTA==\x1b\\",
        "\x1b]52;cps0;RVZJTA==\x07",
        "\x1bPtmux;\x1b\x1b]52;c;RVZJTA==\x07\x1b\\",
    ];
    let unfinished = |begin: &str| format!("{begin}EVIL and never ended").into_bytes();
    let mut cases = vec![
        case("commands", &every.collect::<Vec<_>>()),
        case("device strings", &device),
        case("application strings", &others),
        Case { asks: true, ..case("copies", &copies) },
    ];
    let begins = ["\x1b]0;", "\x1b]52;c;", "\x1bP+q", "\x1bPtmux;", "\x1b_G", "\x1b^", "\x1bX"];
    cases.extend(begins.map(|begin| lasting("an unfinished string", &[unfinished(begin)])));
    cases.extend(
        ["\x1b", "\x1b[", "\x1b[31;4", "\x1b[?", "\x1b(", "\x1b#", "\x1b]"]
            .map(|begin| lasting("an unfinished sequence", &[begin])),
    );
    cases
}

/// What asks for an answer, and what one window asks another.
fn questions() -> Vec<Case> {
    let modes = (1..=3000).map(|mode| format!("\x1b[?{mode}$p"));
    let windows = (0..=24).flat_map(|operation| {
        [String::new(), ";0".into(), ";0;0".into(), ";2;9".into(), ";65535;65535".into()]
            .map(|rest| format!("\x1b[{operation}{rest}t"))
    });
    let titled = "\x1b]2;EVIL\x07\x1b[22;0t\x1b[21t\x1b[20t\x1b[23;0t\x1b]2;\x07";
    let flood = "\x1b[c\x1b[6n\x1b[?u\x1b]11;?\x07".repeat(5_000);
    vec![
        case("questions", &[QUESTIONS.replace(NEXT, "")]),
        case("questions for modes", &modes.collect::<Vec<_>>()),
        case("window operations", &windows.collect::<Vec<_>>()),
        case("questions for the title", &[titled]),
        case("a flood of questions", &[&flood]),
        Case { deaf: true, ..case("a flood of questions whose answers are not read", &[&flood]) },
    ]
}

/// Text in every encoding and none.
fn text() -> Vec<Case> {
    let c1 = (0x80..=0x9f).flat_map(|byte: u8| {
        let rest = b"0;EVIL\x07\x1b\\\x18";
        [[&[byte][..], rest].concat(), [&[0xc2, byte][..], rest].concat()]
    });
    let raw: Vec<u8> = (0x80..=0xff).flat_map(|byte: u8| [byte, b' ', byte, byte]).collect();
    let wrong: [&[u8]; 8] = [
        b"\xc0\x9b31m",
        b"\xe0\x80\x9b",
        b"\xed\xa0\x80\xed\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\xf8\x88",
        b"\xe2\x82",
        b"\xf0\x9f\x98",
        b"\xef\xbf\xbe\xef\xbb\xbf",
    ];
    let strange = [
        "日本語 한국어 ",
        "e\u{301} a\u{30a}\u{323} ",
        "אבגד العربية ",
        "\u{202e}EVIL\u{202c} \u{2067}x\u{2069}",
        "a\u{200b}b\u{200d}c\u{2060}d\u{feff}e\u{ad}f",
        "👨\u{200d}👩\u{200d}👧 👍🏽 🇩🇪🇫🇷 ❤\u{fe0f} 1\u{fe0f}\u{20e3}",
        "\u{e0041}\u{e007f} \u{fff9}a\u{fffa}b\u{fffb} \u{2028}\u{2029} \u{e000} \u{10ffff} \u{115f}\u{3164}",
        "\u{180b}\u{180e} ﷽ 𒐫 \u{1f3fb}",
        "क्षि নি ไทย",
    ];
    let zalgo = format!("z{}", "\u{301}\u{489}".repeat(5_000));
    // Any bytes whatever, always the same.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Escapes are what it is about.
        if state.is_multiple_of(16) { 0x1b } else { (state >> 32) as u8 }
    });
    vec![
        lasting("C1 controls", &c1.collect::<Vec<_>>()),
        lasting("bytes that are no text", &[&raw[..], &wrong.concat()]),
        case("strange text", &[&strange.join("\r\n"), &zalgo, &strange.concat().repeat(200)]),
        lasting("noise", &[noise.take(64 << 10).collect::<Vec<_>>()]),
    ]
}

/// What changes how the terminal works.
fn modes() -> Vec<Case> {
    let every = |end: char| (1..=3000).map(move |mode| format!("\x1b[?{mode}{end}"));
    let set = [every('h'), every('s'), every('l'), every('r'), every('h')];
    let ansi = (0..=100).flat_map(|mode| [format!("\x1b[{mode}h"), format!("\x1b[{mode}l")]);
    let at_once: Vec<_> = (1..=3000).map(|mode: u32| mode.to_string()).collect();
    let at_once = format!("\x1b[?{}h", at_once.join(";"));
    let input = "\x1b[?9;1000;1001;1002;1003;1004;1005;1006;1015;1016;2004;2026;2027;2031;2048;5522h\
                 \x1b[?1h\x1b=\x1b[>4;2m\x1b[>5;1m";
    let nested =
        "\x1b[?1049hEVIL\x1b[?47h\x1b[?1047h\x1b[?1048h\x1b[2J\x1b[?1047l\x1b[?47l\x1b[?1049l"
            .repeat(200);
    let cursors = (0..=9).map(|style| format!("\x1b[{style} q\x1b[?12h\x1b[?25l\x1b[?25h"));
    let keyboard = "\x1b[>31u\x1b[=31;1u\x1b[=31;2u\x1b[=31;3u\x1b[?u".repeat(3_000)
        + "\x1b[<1u\x1b[<65535u\x1b[?1049h\x1b[>31u\x1b[?1049l";
    let resets = "\x1b[!p\x1bc\x1b#8\x1b[?3h\x1b[?3l\x1b[?40h\x1b F\x1b G\x1b[62;1\"p\x1b[?2lEVIL\x1b<\
                  \x1b[1*|\x1b[132$|\x1b[2*x\x1bl\x1bm\x1b7\x1b8\x1bD\x1bE\x1bH\x1bM\x1bN\x1bO\x1bV\x1bW";
    let charsets = "()*+-./".chars().flat_map(|slot| {
        ('0'..='~').map(move |set| format!("\x1b{slot}{set}\x1bn\x1bo\x0e\x0f\x1b~x"))
    });
    let margins = "\x1b[5;2r\x1b[2;5r\x1b[?6h\x1b[99;99H\x1b[?69h\x1b[3;9s\x1b[2;2H\x1b[?7lx\x1b[4hy\x1b[20hz\
                   \x1b[?45h\x08\x08\x08\x1b[1;1;5;5$z\x1b[1;1;5;5;1$r\x1b[33;1;1;5;5$x";
    let looks =
        (0..=120).map(|look| format!("\x1b[{look}mx\x1b[4:{look}my\x1b[58:2::1:2:{look}mz"));
    vec![
        lasting("every mode", &set.into_iter().flatten().collect::<Vec<_>>()),
        lasting("every mode at once", &[at_once]),
        lasting("every ANSI mode", &ansi.collect::<Vec<_>>()),
        lasting("what input is encoded as", &[input]),
        lasting("screens in screens", &[nested]),
        lasting("cursors", &cursors.collect::<Vec<_>>()),
        lasting("keyboards", &[keyboard]),
        lasting("resets", &[resets]),
        lasting("character sets", &charsets.collect::<Vec<_>>()),
        lasting("margins", &[margins]),
        lasting("looks", &looks.collect::<Vec<_>>()),
    ]
}

/// Little that asks for much, and much.
fn bombs() -> Vec<Case> {
    let counts: Vec<_> = "@ABCDEFGHIJKLMPSTXYZ`abdefgj"
        .chars()
        .flat_map(|end| {
            [
                format!("x\x1b[65535{end}"),
                format!("\x1b[99999999999999999999{end}"),
                format!("\x1b[0{end}"),
            ]
        })
        .collect();
    let long = "1;".repeat(200_000);
    let mb = "EVIL".repeat(1 << 18);
    let titles = [format!("\x1b]0;{mb}\x07"), format!("\x1b]2;{mb}\x1b\\\x1b]2;\x07")];
    let strings = ["]8;;", "]133;A;", "]7;file://", "]1337;", "P+q", "_G", "^", "X"]
        .map(|begin| format!("\x1b{begin}{mb}\x1b\\"));
    vec![
        lasting("counts", &[counts.concat().repeat(20)]),
        lasting("repetitions", &["A\x1b[65535b".repeat(500)]),
        lasting(
            "long sequences",
            &[format!("\x1b[{long}m\x1b[?{long}h\x1b[{}q", " ".repeat(200_000))],
        ),
        case("long titles", &titles),
        case("long strings", &strings),
        case("bells", &["\x07".repeat(20_000)]),
        lasting("tabs", &["\t\x1b[9999I\x1b[9999Z\x1bH\x1b[3g".repeat(2_000)]),
        lasting("updates that never end", &["\x1b[?2026hx".repeat(2_000)]),
    ]
}
