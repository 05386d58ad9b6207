using Mesh.Proxy.Routing;
using static Mesh.Tests.Unit.Proxy.Requests;

namespace Mesh.Tests.Unit.Proxy;

/// <summary>Gateway API's rules in their plainest form, over strings, against the table: for random routes and requests both choose the same rule.</summary>
public sealed class RouteTablePropertyTests
{
    private static readonly string[] Hosts = ["", "a.test", "A.Test", "b.a.test", "*.a.test", "*.test", "*.b.a.test", "test"];
    private static readonly string[] RequestHosts = ["a.test", "b.a.test", "B.A.TEST", "c.b.a.test", "test", ".a.test", "x", "", "a.test:80", "[::1]:80"];
    private static readonly string[] Paths = ["/", "/a", "/a/", "/A", "/a/b", "/a/b/", "/a//", "//", "/ab", "/a/b/c", "/a/b/cd", "/b"];
    private static readonly string[] Expressions = ["/a.*", "/[ab]", "/a/b/c?", ".*"];
    private static readonly string[] Targets = [.. Paths, "/a/b/c/d", "/a//b", "/abc/d", "/c", "*", "/a?x=1", "/a/b?y=2&x=1", "/b?x=2", "///"];

    private sealed record Candidate(HttpMatchModel Model, string Host, string Path, string? Method, (string Name, string Value)? Header, (string Name, string Value)? Query);

    [Fact]
    public void Table_chooses_what_the_rules_in_their_plainest_form_choose()
    {
        for (int seed = 0; seed < 2_000; seed++)
        {
            var random = new Random(seed);
            var candidates = Enumerable.Range(0, random.Next(1, 40)).Select(number => Draw(random, number)).ToList();
            var table = new HttpRouteTable(candidates.Select(static c => c.Model));
            for (int request = 0; request < 20; request++) Compare(seed, table, candidates, random);
        }
    }

    [Fact]
    public void Ten_thousand_routes_choose_as_the_plainest_form_does()
    {
        var random = new Random(1);
        var candidates = Enumerable.Range(0, 10_000).Select(number => Draw(random, number, $"/team-{number % 100}/service-{number}")).ToList();
        var table = new HttpRouteTable(candidates.Select(static c => c.Model));
        for (int i = 0; i < 50; i++) Compare(1, table, candidates, random, $"/team-{i}/service-{random.Next(100) * 100 + i}/x");
    }

    private static void Compare(int seed, HttpRouteTable table, List<Candidate> candidates, Random random, string? target = null)
    {
        string host = Pick(random, RequestHosts), method = Pick(random, ["GET", "POST"]);
        target ??= Pick(random, Targets);
        (string, string)[] headers = random.Next(2) == 0 ? [] : [("X-H", Pick(random, ["1", "2"]))];
        var found = table.Match(Request(target, host, method, headers));
        var expected = Expected(candidates, host, target, method, headers);
        Assert.True(ReferenceEquals(expected, found), $"seed {seed}: {method} {host} {target}: expected {expected?.RouteKey}, got {found?.RouteKey}");
    }

    private static Candidate Draw(Random random, int number, string? path = null)
    {
        var kind = path is null ? (MatchKind)random.Next(3) : MatchKind.Prefix;
        string host = Pick(random, Hosts);
        path ??= Pick(random, kind == MatchKind.Regex ? Expressions : Paths);
        string? method = random.Next(3) == 0 ? Pick(random, ["GET", "POST"]) : null;
        (string, string)? header = random.Next(3) == 0 ? ("x-h", Pick(random, ["1", "2"])) : null;
        (string, string)? query = random.Next(4) == 0 ? ("x", Pick(random, ["1", "2"])) : null;
        var model = Match($"r{number % 5}", path, kind, host, method, Fields(header), Fields(query), random.Next(3), number);
        return new Candidate(model, host, path, method, header, query);
    }

    private static FieldMatch[] Fields((string Name, string Value)? field) => field is { } f ? [Field(f.Name, f.Value)] : [];

    private static HttpRuleModel? Expected(List<Candidate> all, string authority, string target, string method, (string Name, string Value)[] headers)
    {
        string host = authority.StartsWith('[') ? authority[..(authority.IndexOf(']') + 1)] : authority.Split(':')[0];
        string path = target.Split('?')[0];
        string[] query = target.Contains('?') ? target.Split('?')[1].Split('&') : [];
        return all
            .Where(c => HostHolds(c.Host, host) && PathHolds(c, path) && (c.Method is null || c.Method == method))
            .Where(c => c.Header is not { } h || headers.Any(sent => sent.Name.Equals(h.Name, StringComparison.OrdinalIgnoreCase) && sent.Value == h.Value))
            .Where(c => c.Query is not { } q || query.Contains($"{q.Name}={q.Value}"))
            .OrderBy(static c => c.Host.Length == 0 ? 2 : c.Host.StartsWith('*') ? 1 : 0)
            .ThenByDescending(static c => c.Host.Length)
            .ThenBy(static c => c.Model.PathKind)
            .ThenByDescending(static c => c.Path.Length)
            .ThenBy(static c => c.Method is null)
            .ThenBy(static c => c.Header is null)
            .ThenBy(static c => c.Query is null)
            .ThenBy(static c => c.Model.CreatedUnixMs)
            .ThenBy(static c => c.Model.Rule.RouteKey, StringComparer.Ordinal)
            .ThenBy(static c => c.Model.Order)
            .FirstOrDefault()?.Model.Rule;
    }

    private static bool HostHolds(string pattern, string host) => pattern.Length == 0
        || (pattern.StartsWith('*')
            ? host.Length > pattern.Length - 1 && host.EndsWith(pattern[1..], StringComparison.OrdinalIgnoreCase)
            : host.Equals(pattern, StringComparison.OrdinalIgnoreCase));

    private static bool PathHolds(Candidate candidate, string path)
    {
        if (candidate.Model.PathKind == MatchKind.Exact) return path == candidate.Path;
        if (candidate.Model.PathKind == MatchKind.Regex) return System.Text.RegularExpressions.Regex.IsMatch(path, $"^(?:{candidate.Path})$");
        string prefix = candidate.Path.EndsWith('/') ? candidate.Path[..^1] : candidate.Path;
        return prefix.Length == 0 || path == prefix || path.StartsWith(prefix + "/", StringComparison.Ordinal);
    }

    private static string Pick(Random random, string[] values) => values[random.Next(values.Length)];
}
