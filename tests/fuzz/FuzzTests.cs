using System.Diagnostics;
using System.Globalization;

namespace Mesh.Tests.Fuzz;

/// <summary>Every target against its corpus, its seeds and mutations of both. MESH_FUZZ_SECONDS gives each target that long,
/// MESH_FUZZ_SEED other mutations; without them a run is short and always the same.</summary>
public sealed class FuzzTests
{
    private const int DefaultSeed = 20;
    private const int DefaultIterations = 3000;

    /// <summary>A target whose inputs are slow ends its short run here; a whole run stays below a minute.</summary>
    private static readonly TimeSpan ShortRun = TimeSpan.FromSeconds(3);

    /// <summary>CPU time, far above what the slowest input of that size needs: more is work that grows faster than its input.</summary>
    private static readonly TimeSpan SlowInput = TimeSpan.FromSeconds(5);

    public static TheoryData<string> TargetNames => [.. Targets.All.Select(static target => target.Name)];

    public static TheoryData<string, string> CorpusFiles
    {
        get
        {
            var files = new TheoryData<string, string>();
            foreach (var target in Targets.All)
                foreach (string file in Corpus.Files(target.Name)) files.Add(target.Name, file);
            return files;
        }
    }

    [Theory]
    [MemberData(nameof(CorpusFiles))]
    public void Input_that_once_failed_holds(string target, string file) => Run(Targets.Named(target), Corpus.Read(target, file));

    [Theory]
    [MemberData(nameof(TargetNames))]
    public void Seeds_hold(string target)
    {
        foreach (byte[] seed in Targets.Named(target).Seeds) Run(Targets.Named(target), seed);
    }

    [Theory]
    [MemberData(nameof(TargetNames))]
    public void Mutations_hold(string name)
    {
        var target = Targets.Named(name);
        var mutator = new Mutator([.. target.Seeds, .. Corpus.Files(name).Select(file => Corpus.Read(name, file))], Setting("MESH_FUZZ_SEED") ?? DefaultSeed);
        int? seconds = Setting("MESH_FUZZ_SECONDS");
        var limit = seconds is { } given ? TimeSpan.FromSeconds(given) : ShortRun;
        int iterations = seconds is null ? DefaultIterations : int.MaxValue;
        var clock = Stopwatch.StartNew();
        for (int i = 0; i < iterations && clock.Elapsed < limit; i++)
        {
            byte[] input = mutator.Make(i);
            if (Failure(target, input) is { } failure) Report(target, input, failure);
        }
    }

    private static Exception? Failure(IFuzzTarget target, byte[] input)
    {
        try
        {
            Run(target, input);
            return null;
        }
        catch (Exception failure)
        {
            return failure;
        }
    }

    private static void Run(IFuzzTarget target, byte[] input)
    {
        var clock = Stopwatch.StartNew();
        target.Run(input);
        if (clock.Elapsed < SlowInput) return;
        // Perhaps the machine was busy with something else: once more, and what counts is this thread's own time.
        var before = ThreadTime.Now();
        target.Run(input);
        var busy = ThreadTime.Now() - before;
        Assert.True(busy < SlowInput, $"{input.Length} bytes kept {target.Name} busy for {busy.TotalSeconds:0.0} s");
    }

    private static void Report(IFuzzTarget target, byte[] input, Exception failure)
    {
        string file = Corpus.Add(target.Name, Shorter(target, input, failure.GetType()));
        Assert.Fail($"""
            {target.Name} fails on tests/fuzz/Corpus/{target.Name}/{file}. To repeat it:
              dotnet test tests/fuzz -c Release --filter DisplayName~{file}
            {failure}
            """);
    }

    /// <summary>Leaves out pieces for as long as the same kind of failure remains.</summary>
    private static byte[] Shorter(IFuzzTarget target, byte[] input, Type failure)
    {
        for (int size = input.Length / 2; size > 0; size /= 2)
        {
            for (int at = 0; at + size <= input.Length;)
            {
                byte[] without = [.. input.AsSpan(0, at), .. input.AsSpan(at + size)];
                if (Failure(target, without)?.GetType() == failure) input = without;
                else at += size;
            }
        }
        return input;
    }

    private static int? Setting(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;
}
