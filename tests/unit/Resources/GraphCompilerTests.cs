using Mesh.Protocol.Config;
using Mesh.Resources;
using Mesh.Resources.Compile;

namespace Mesh.Tests.Unit.Resources;

/// <summary>Following changes must give the bytes that compiling everything gives, and touch only what a change concerns.</summary>
public sealed class GraphCompilerTests
{
    private static readonly CompileOptions options = new("cluster.local");

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 20)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Random_changes_one_after_the_other_give_what_the_whole_gives(int seed)
    {
        var random = new Random(seed);
        var compiler = new GraphCompiler(options);
        var resources = ResourceSet.Empty;
        CompiledGraph before;
        for (var step = 0; step < 60; step++)
        {
            HashSet<ResourceKey> changed = [];
            for (var i = random.Next(1, 4); i > 0; i--)
                resources = Change(random, resources, changed);

            before = compiler.Current;
            var graph = compiler.Compile(resources, changed).Graph;
            var whole = ResourceCompiler.Compile(resources, options).Graph;
            foreach (var url in TypeUrls.All)
                Assert.Equal(Versions(whole, url), Versions(graph, url));
            Assert.Equal(Different(before, graph), graph.ChangedSince(before).Order());
        }
    }

    [Fact]
    public void Change_of_one_workload_compiles_no_other()
    {
        var compiler = new GraphCompiler(options);
        var resources = Documents.Set(string.Join("\n---\n", Enumerable.Range(0, 50).Select(i => Workload($"w{i}", "app-1", 0)).Append(Service("s0", "app-1"))));
        var before = compiler.Compile(resources, null).Graph;

        var moved = Documents.Set(Workload("w7", "app-1", 9)).All.Single();
        var result = compiler.Compile(resources.With(moved), new HashSet<ResourceKey> { moved.Key });

        Assert.Equal([(TypeUrls.Workload, "a/w7")], result.Graph.ChangedSince(before));
        Assert.Same(before.OfType(TypeUrls.Service), result.Graph.OfType(TypeUrls.Service));
        Assert.Same(before.OfType(TypeUrls.Workload)["a/w8"], result.Graph.OfType(TypeUrls.Workload)["a/w8"]);
        Assert.Empty(result.Statuses);
    }

    [Fact]
    public void Policy_that_waits_for_a_workload_is_compiled_when_it_comes()
    {
        var compiler = new GraphCompiler(options);
        var resources = Documents.Set(Policy("p0", "w1"));
        Assert.Equal("False", Accepted(compiler.Compile(resources, null)));

        var workload = Documents.Set(Workload("w1", "app-1", 0)).All.Single();
        Assert.Equal("True", Accepted(compiler.Compile(resources.With(workload), new HashSet<ResourceKey> { workload.Key })));
    }

    [Fact]
    public void Graph_that_nobody_remembers_is_compared()
    {
        var compiler = new GraphCompiler(options);
        var resources = Documents.Set(Workload("w1", "app-1", 0));
        var first = compiler.Compile(resources, null).Graph;
        for (var i = 1; i < 100; i++)
        {
            var moved = Documents.Set(Workload("w1", "app-1", i)).All.Single();
            resources = resources.With(moved);
            compiler.Compile(resources, new HashSet<ResourceKey> { moved.Key });
        }

        Assert.Equal([(TypeUrls.Workload, "a/w1")], compiler.Current.ChangedSince(first));
    }

    private static string? Accepted(CompileResult result) => result.Statuses.Single().Value["conditions"]![0]!["status"]!.ToString();

    private static IEnumerable<(string, string)> Versions(CompiledGraph graph, string url) => graph.OfType(url).Select(entry => (entry.Key, entry.Value.Version)).Order();

    private static IEnumerable<(string, string)> Different(CompiledGraph before, CompiledGraph after) => TypeUrls.All
        .SelectMany(url => before.OfType(url).Keys.Union(after.OfType(url).Keys)
            .Where(name => before.OfType(url).GetValueOrDefault(name)?.Version != after.OfType(url).GetValueOrDefault(name)?.Version).Select(name => (url, name)))
        .Order();

    private static ResourceSet Change(Random random, ResourceSet resources, HashSet<ResourceKey> changed)
    {
        var all = resources.All.ToList();
        if (all.Count > 0 && random.Next(3) == 0)
        {
            var gone = all[random.Next(all.Count)].Key;
            changed.Add(gone);
            return resources.Without(gone);
        }

        var name = random.Next(4);
        var app = $"app-{random.Next(3)}";
        var made = Documents.Set(random.Next(9) switch
        {
            < 3 => Workload($"w{name}", app, random.Next(250)),
            3 or 4 => Service($"s{name}", app),
            5 => $"apiVersion: mesh.internal/v1\nkind: Node\nmetadata: {{ name: n{name} }}\nspec: {{ locality: {{ zone: z{random.Next(3)} }} }}",
            6 => Policy($"p{name}", $"w{random.Next(4)}"),
            7 => $"apiVersion: mesh.internal/v1\nkind: TelemetryPolicy\nmetadata: {{ name: t{name}, namespace: a }}\nspec: {{ tracing: {{ sampling: {random.Next(9)} }} }}",
            _ => $"apiVersion: gateway.networking.k8s.io/v1\nkind: {(random.Next(2) == 0 ? "HTTPRoute" : "GRPCRoute")}\nmetadata: {{ name: r{name}, namespace: a }}\n"
                + $"spec: {{ parentRefs: [ {{ kind: Service, group: \"\", name: s{random.Next(4)} }} ], rules: [ {{ backendRefs: [ {{ name: s{random.Next(4)}, port: 80 }} ] }} ] }}",
        }).All.Single();
        changed.Add(made.Key);
        return resources.With(made);
    }

    private static string Workload(string name, string app, int address) =>
        $"apiVersion: mesh.internal/v1\nkind: Workload\nmetadata: {{ name: {name}, namespace: a, labels: {{ app: {app}, tier: x }} }}\nspec: {{ addresses: [ 10.0.0.{address} ], node: n{address % 4}, ports: {{ web: 80{address % 10} }} }}";

    private static string Service(string name, string app) =>
        $"apiVersion: v1\nkind: Service\nmetadata: {{ name: {name}, namespace: a }}\nspec: {{ selector: {{ app: {app}, tier: x }}, ports: [ {{ port: 80, targetPort: web }} ], clusterIP: 10.96.0.{app[^1]} }}";

    private static string Policy(string name, string workload) =>
        $"apiVersion: mesh.internal/v1\nkind: AccessPolicy\nmetadata: {{ name: {name}, namespace: a }}\nspec: {{ targetRefs: [ {{ kind: Workload, group: mesh.internal, name: {workload} }} ], action: Allow }}";
}
