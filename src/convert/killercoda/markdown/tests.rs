//! Pages as people write them.

use super::*;

fn read(text: &str) -> Page {
    Page::read(text, 0)
}

#[test]
fn marks_for_a_browser_are_gone_and_what_they_run_is_known() {
    let page = read(
        "Look: `ls -l`{{exec}} or `cat x`{{copy}}, then `vi a.txt`{{open}}.\n\n\
        ```bash\ntouch /root/a\n  b\n```{{exec interrupt}}\n\nand\n\n```yaml\na: 1\n```{{copy}}\nend",
    );
    assert_eq!(
        page.lesson,
        "Look: `ls -l` or `cat x`, then `vi a.txt`.\n\n\
        ```bash\ntouch /root/a\n  b\n```\n\nand\n\n```yaml\na: 1\n```\nend"
    );
    assert_eq!(page.typed, ["ls -l", "touch /root/a\n  b"]);
    let lines: Vec<_> = page.code.iter().map(|code| code.line).collect();
    assert_eq!(lines, [1, 4]);
    let old = read("```\nls\n```{{execute HOST1}}\n1. ```\n   x\n   ```{{execute}}\n");
    assert_eq!(old.typed, ["ls", "x"]);
}

#[test]
fn marks_are_told_however_they_are_written() {
    let page = read(
        "The `touch`{{}} and `>`{{ }} of `ls`{{EXEC}}, `ps`{execute} and `df`{{ exec interrupt }}.\n\
        `a` {{ b }} ``c``{{copy}}\n",
    );
    assert_eq!(page.lesson, "The `touch` and `>` of `ls`, `ps` and `df`.\n`a` {{ b }} ``c``");
    assert_eq!(page.typed, ["ls", "ps", "df"]);
    assert!(!page.elsewhere);
    assert!(
        read("`ls`{{execute HOST2}}").elsewhere && read("```\nls\n```{{exec host2}}\n").elsewhere
    );
}

#[test]
fn code_over_several_lines_is_a_block_in_whatever_backticks() {
    let page = read(
        "Write:\n\n`<html>\n<p>Hi</p>\n</html>`{{copy}}\n\n  `curl \\\n  -o x`{{execute}}\n\nA `b\nc` d\n`e\n\nf`",
    );
    assert_eq!(
        page.lesson,
        "Write:\n\n```\n<html>\n<p>Hi</p>\n</html>\n```\n\n  ```\n  curl \\\n    -o x\n  ```\n\nA `b\nc` d\n`e\n\nf`"
    );
    assert_eq!(page.typed, ["curl \\\n  -o x"]);
    assert_eq!(page.code.iter().map(|code| code.line).collect::<Vec<_>>(), [7]);
    assert_eq!(
        read("a\n<!-- x\n`docker \\\nps`{{exec}}\n>>Q?<<\n-->\nb"),
        read("a\n<!-- x -->\nb")
    );
}

#[test]
fn questions_stay_and_their_answers_come_out() {
    let page = read(
        "Well:\n\n>>Q1: Which number?<<\n=== 4\n\n>> Which folder? <<\n( ) /a\n(*) /b\n[x] /c\n\nEnd\n>>None?<<\n",
    );
    assert_eq!(
        page.lesson,
        "Well:\n\n**Q1: Which number?**\n\n**Which folder?**\n\n- /a\n- /b\n- /c\n\nEnd\n**None?**"
    );
    assert_eq!(page.answers, ["Q1: Which number? 4", "Which folder? /b; /c"]);
}

#[test]
fn what_is_typed_into_another_program_is_no_command() {
    let page =
        read("```ruby\ndocker = 1\n```{{exec}}\n```\nls\n```{{exec}}\n```plain\nps\n```{{exec}}\n");
    assert_eq!(page.typed, ["ls", "ps"]);
}

#[test]
fn what_unfolds_is_a_hint_a_solution_or_more_text() {
    let page = read(
        "Do it.\n<details>\n<summary>Need a hint?</summary>\n\nLook *there*.\n\n</details>\n\
        <details><summary>Solution</summary>\n<br>\n\nBecause.\n```\ntouch x\n```{{copy}}\n</details>\n\
        <details><summary>Why <b>so</b></summary>So.</details>\nEnd",
    );
    assert_eq!(page.lesson, "Do it.\n\n**Why so**\n\nSo.\n\nEnd");
    assert_eq!(page.hints, ["Look *there*."]);
    let code = Solution::Code("touch x".to_owned());
    assert_eq!(page.solution, [Solution::Words("Because.".to_owned()), code]);
    assert_eq!(page.solving(), ["touch x"]);
    assert!(page.typed.is_empty());
}

#[test]
fn links_lead_somewhere_or_are_words() {
    for (text, shown) in [
        ("[open]({{TRAFFIC_HOST1_80}}/x)", "[open](http://localhost:80/x)"),
        (
            "[o](https://[[HOST_SUBDOMAIN]]-8080-[[KATACODA_HOST]].environments.katacoda.com/)",
            "[o](http://localhost:8080/)",
        ),
        ("[here](../other/index.md) and [that](#heading)", "here and that"),
        ("[there](https://example.org/a)", "[there](https://example.org/a)"),
        ("![A picture](./assets/a.png)", "(image: A picture)"),
        (
            "<img src=\"x.png\" alt='A *b*'/> <a href=\"https://e.org\">e</a>",
            "(image: A *b*) [e](https://e.org)",
        ),
        ("a<br>b <span style='x'>c</span> <name> `<br>`", "a b c <name> `<br>`"),
        ("x <!-- no --> y", "x y"),
    ] {
        assert_eq!(read(text).lesson, shown, "{text}");
    }
    assert_eq!(read("a\n<!-- no\n\nno -->\nb").lesson, "a\n\nb");
    assert_eq!(Page::read("# A\n###### B\n#!x", 2).lesson, "### A\n###### B\n#!x");
}

#[test]
fn code_of_old_pages_is_code() {
    let page =
        read("x\n<pre class=\"file\" data-filename=\"a.js\">\n<code>a &lt; b</code>\n</pre>\ny");
    assert_eq!(page.lesson, "x\n\n```\na < b\n```\ny");
    let page = read("<pre><code>one\ntwo</code></pre>\nend");
    assert_eq!(page.lesson, "```\none\ntwo\n```\nend");
}

#[test]
fn no_page_is_too_wild_to_be_read() {
    let nested = "<details>".repeat(10_000);
    for text in ["```", "<pre>", "<!--", "<details><summary>", "</details>", "`", &nested] {
        read(text);
    }
    // A minute would not do for these if long lines were taken apart.
    let long = format!("{}{}{}", nested, "`a` ``b ".repeat(20_000), "[[".repeat(20_000));
    assert_eq!(read(&long).lesson, long.trim_end());
    let page = read("```\nopen {{exec}}\n");
    assert_eq!(page.lesson, "```\nopen {{exec}}\n```");
}
