using System.Text.Json.Nodes;
using Mesh.Resources.Kinds;
using Mesh.Resources.Patching;

namespace Mesh.Tests.Unit.Resources;

public sealed class PatchingTests
{
    [Theory] // RFC 7396, appendix A
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", """{}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""{}""", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    [InlineData("""[1,2]""", """{"a":"b","c":null}""", """{"a":"b"}""")]
    public void Merge_patch_follows_the_specification(string target, string patch, string result) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(result), JsonMergePatch.Apply(JsonNode.Parse(target), JsonNode.Parse(patch))));

    [Theory] // RFC 6902, appendix A
    [InlineData("""{"foo":"bar"}""", """[{"op":"add","path":"/baz","value":"qux"}]""", """{"foo":"bar","baz":"qux"}""")]
    [InlineData("""{"foo":["bar","baz"]}""", """[{"op":"add","path":"/foo/1","value":"qux"}]""", """{"foo":["bar","qux","baz"]}""")]
    [InlineData("""{"foo":["bar"]}""", """[{"op":"add","path":"/foo/-","value":["abc"]}]""", """{"foo":["bar",["abc"]]}""")]
    [InlineData("""{"foo":["bar","qux","baz"]}""", """[{"op":"remove","path":"/foo/1"}]""", """{"foo":["bar","baz"]}""")]
    [InlineData("""{"foo":{"bar":"baz","waldo":"fred"},"qux":{}}""", """[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]""", """{"foo":{"bar":"baz"},"qux":{"thud":"fred"}}""")]
    [InlineData("""{"/":9,"~1":10}""", """[{"op":"test","path":"/~01","value":10}]""", """{"/":9,"~1":10}""")]
    public void Json_patch_follows_the_specification(string target, string patch, string result) =>
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(result), JsonPatch.Apply(JsonNode.Parse(target)!, JsonNode.Parse(patch))));

    [Theory]
    [InlineData("""[{"op":"test","path":"/a","value":2}]""")]
    [InlineData("""[{"op":"add","path":"/b/c","value":2}]""")]
    [InlineData("""[{"op":"remove","path":"/z"}]""")]
    [InlineData("""[{"op":"add","path":"/list/01","value":2}]""")]
    [InlineData("""[{"op":"frobnicate","path":"/a"}]""")]
    [InlineData("""[{"op":"add","path":"/a"}]""")]
    [InlineData("""{"op":"add"}""")]
    public void Json_patch_that_does_not_fit_is_refused(string patch) =>
        Assert.Throws<PatchException>(() => JsonPatch.Apply(JsonNode.Parse("""{"a":1,"list":[1,2]}""")!, JsonNode.Parse(patch)));

    [Fact]
    public void Strategic_patch_merges_ports_by_port_and_deletes_by_directive()
    {
        var service = Object("""{"spec":{"ports":[{"port":80,"name":"a"},{"port":81,"name":"b"}],"selector":{"x":"y"}}}""");
        var patch = JsonNode.Parse("""{"spec":{"ports":[{"port":80,"name":"c"},{"port":81,"$patch":"delete"},{"port":82,"name":"d"}],"selector":{"x":null},"$setElementOrder/ports":[{"port":80}]}}""");

        Assert.Equal(
            """{"spec":{"ports":[{"port":80,"name":"c"},{"port":82,"name":"d"}],"selector":{}}}""",
            StrategicMergePatch.Apply(KindCatalog.Get("Service"), service, patch).ToJsonString());
    }

    [Fact]
    public void Apply_takes_away_what_its_manager_gave_before_and_leaves_what_others_give()
    {
        var first = Apply(null, """{"labels":{"a":"1","b":"1"}}""", "80", "one");
        var second = Apply(first, """{"labels":{"c":"2"}}""", "81", "two");
        var third = Apply(second, """{"labels":{"a":"1"}}""", "80", "one");

        Assert.Equal("""{"a":"1","c":"2"}""", third["metadata"]!["labels"]!.ToJsonString());
        Assert.Equal(["80", "81"], third["spec"]!["ports"]!.AsArray().Select(port => port!["port"]!.ToString()));
    }

    [Fact]
    public void Apply_of_the_same_again_changes_nothing()
    {
        var first = Apply(null, """{"labels":{"a":"1"}}""", "80", "one");
        Assert.True(JsonNode.DeepEquals(first, Apply(first, """{"labels":{"a":"1"}}""", "80", "one", now: "later")));
    }

    [Fact]
    public void Apply_of_another_value_conflicts_unless_forced()
    {
        var first = Apply(null, """{"labels":{"a":"1"}}""", "80", "one");

        Assert.Throws<ApplyConflictException>(() => Apply(first, """{"labels":{"a":"2"}}""", "80", "two"));
        Assert.Equal("2", Apply(first, """{"labels":{"a":"2"}}""", "80", "two", force: true)["metadata"]!["labels"]!["a"]!.ToString());
    }

    private static JsonObject Object(string json) => JsonNode.Parse(json)!.AsObject();

    private static JsonObject Apply(JsonObject? live, string metadata, string port, string manager, bool force = false, string now = "now") =>
        ServerSideApply.Apply(KindCatalog.Get("Service"), live, Object($$$"""{"apiVersion":"v1","kind":"Service","metadata":{{{metadata}}},"spec":{"ports":[{"port":{{{port}}},"name":"p{{{port}}}","protocol":"TCP"}]}}"""), manager, force, now);
}
