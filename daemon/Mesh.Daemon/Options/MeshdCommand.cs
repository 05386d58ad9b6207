using System.CommandLine;

namespace Mesh.Daemon.Options;

/// <summary>The command line of meshd: <c>meshd [--config FILE] [--validate] [--OPTION VALUE …]</c>. Switches override the file.</summary>
public static class MeshdCommand
{
    public const string DefaultFile = "/etc/mesh/meshd.yaml";
    private const int BadConfiguration = 2;

    /// <param name="run">Runs the daemon and gives its exit status.</param>
    /// <param name="validate">More problems that <c>--validate</c> should show, in the resources for example; one line each.</param>
    /// <param name="errors">For people: what is wrong, one line each.</param>
    /// <returns>Exit status; 2 when options or configuration are wrong.</returns>
    public static async Task<int> InvokeAsync(
        string[] args,
        Func<MeshdOptions, Task<int>> run,
        Func<MeshdOptions, IReadOnlyList<string>> validate,
        TextWriter output,
        TextWriter errors)
    {
        var file = new Option<string?>("--config") { Description = $"Configuration file. Default: {DefaultFile}, if it exists.", HelpName = "file" };
        var check = new Option<bool>("--validate") { Description = "Check the configuration, say what is wrong with it, and end." };
        var root = new RootCommand("meshd, the mesh proxy of one machine") { file, check };
        var switches = OptionTable.All.ToDictionary(option => option, ToSwitch);
        foreach (var item in switches.Values) root.Add(item);
        root.SetAction(async (parsed, _) =>
        {
            var problems = new List<string>();
            var options = Load(parsed.GetValue(file), switches, parsed, problems);
            if (parsed.GetValue(check) && problems.Count == 0) problems.AddRange(validate(options));
            foreach (string problem in problems) await errors.WriteLineAsync(problem);
            if (problems.Count > 0) return BadConfiguration;
            if (!parsed.GetValue(check)) return await run(options);
            await output.WriteLineAsync("configuration is valid");
            return 0;
        });
        var result = root.Parse(args);
        if (result.Errors.Count == 0) return await result.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });
        foreach (var error in result.Errors) await errors.WriteLineAsync($"{error.Message} See meshd --help.");
        return BadConfiguration;
    }

    private static Option<string[]> ToSwitch(OptionDeclaration option) => new(option.Switch)
    {
        Description = option.Help,
        HelpName = "value",
        Arity = ArgumentArity.OneOrMore, // how often a switch may be given is checked when it is applied
    };

    private static MeshdOptions Load(
        string? file, Dictionary<OptionDeclaration, Option<string[]>> switches, ParseResult parsed, List<string> problems)
    {
        var options = MeshdOptions.Default;
        if (file is not null || File.Exists(DefaultFile)) options = OptionsFile.Read(file ?? DefaultFile, options, problems);
        foreach (var (option, item) in switches)
        {
            if (parsed.GetValue(item) is { Length: > 0 } texts) options = Apply(option, options, texts, problems);
        }
        if (problems.Count == 0) problems.AddRange(OptionTable.CheckTogether(options));
        return options;
    }

    private static MeshdOptions Apply(OptionDeclaration option, MeshdOptions options, string[] texts, List<string> problems)
    {
        try
        {
            if (texts.Length > 1 && !option.IsList) throw new FormatException("may be given only once");
            return option.Apply(options, texts, Directory.GetCurrentDirectory());
        }
        catch (FormatException error)
        {
            problems.Add($"{option.Switch}: {error.Message}");
            return options;
        }
    }
}
