using System.CommandLine;
using Mesh.Ctl.Client;

namespace Mesh.Ctl.Commands;

/// <summary>The command line of meshctl. Exit codes: 0 fine, 1 failed, 2 bad usage or invalid resources.</summary>
internal sealed class MeshctlCommand
{
    private readonly TextWriter output;
    private readonly TextWriter errors;
    private readonly Option<string> kubeconfig = new("--kubeconfig") { Description = "File with server, authority and token. Default: $MESHCONFIG, $KUBECONFIG, or that of a controller on this machine.", HelpName = "FILE", Recursive = true };
    private readonly Option<string> space = new("--namespace", "-n") { Description = "Namespace. Default: that of the kubeconfig.", HelpName = "NAME" };
    private readonly Option<bool> everywhere = new("--all-namespaces", "-A") { Description = "Every namespace." };
    private readonly Option<string[]> files = new("--filename", "-f") { Description = "File, folder, or - for standard input; can be repeated.", HelpName = "PATH" };
    private readonly Option<string> format = new("--output", "-o") { Description = "table, wide, json, yaml or name.", DefaultValueFactory = _ => "table" };

    private MeshctlCommand(TextWriter output, TextWriter errors) => (this.output, this.errors) = (output, errors);

    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter errors)
    {
        var parsed = new MeshctlCommand(output, errors).Build().Parse(args);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors });

        foreach (var error in parsed.Errors)
            errors.WriteLine($"meshctl: {error.Message}; see --help");
        return ExitCodes.BadUsage;
    }

    private RootCommand Build()
    {
        format.AcceptOnlyFromAmong("table", "wide", "json", "yaml", "name");
        return new RootCommand("Looks at and changes the mesh through its controller.")
        {
            kubeconfig, Apply(), Get(), Delete(), Describe(), Check(), Token(), List("nodes", "The machines of the mesh."), List("workloads", "The workloads of every namespace."), Version(),
        };
    }

    private Command Apply()
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "Only say what would happen." };
        var command = new Command("apply", "Make or change the resources of files.") { files, space, dryRun };
        command.Validators.Add(result =>
        {
            if (result.GetValue(files) is not { Length: > 0 })
                result.AddError("give -f FILE");
        });
        Run(command, (session, parsed) => ApplyCommand.RunAsync(session, parsed.GetValue(files)!, parsed.GetValue(space), parsed.GetValue(dryRun)));
        return command;
    }

    private Command Get()
    {
        var kind = new Argument<string>("KIND") { Description = "Kind, plural or short name; KIND/NAME too." };
        var name = new Argument<string>("NAME") { Description = "One resource.", Arity = ArgumentArity.ZeroOrOne };
        var selector = new Option<string>("--selector", "-l") { Description = "Label selector, e.g. app=web,tier!=cache." };
        var watch = new Option<bool>("--watch", "-w") { Description = "Go on printing changes." };
        var command = new Command("get", "Show resources.") { kind, name, space, everywhere, selector, format, watch };
        Run(command, (session, parsed) =>
        {
            var (wanted, named) = Split(parsed.GetValue(kind)!, parsed.GetValue(name));
            var where = parsed.GetValue(everywhere) ? null : parsed.GetValue(space) ?? session.Client.Namespace;
            return GetCommand.RunAsync(session, new GetOptions(wanted, named, where, parsed.GetValue(selector), parsed.GetValue(format)!, parsed.GetValue(watch)));
        });
        return command;
    }

    private Command Delete()
    {
        var kind = new Argument<string>("KIND") { Description = "Kind, plural or short name; KIND/NAME too.", Arity = ArgumentArity.ZeroOrOne };
        var names = new Argument<string[]>("NAME") { Description = "Resources.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("delete", "Delete resources by name, or those of files.") { kind, names, files, space };
        Run(command, (session, parsed) =>
        {
            if (parsed.GetValue(files) is { Length: > 0 } paths)
                return DeleteCommand.RunAsync(session, paths, parsed.GetValue(space));

            var (wanted, named) = Split(parsed.GetValue(kind) ?? throw new UsageException("give KIND and NAME, or -f FILE"), null);
            return DeleteCommand.RunAsync(session, wanted, named is null ? parsed.GetValue(names) ?? [] : [named], parsed.GetValue(space) ?? session.Client.Namespace);
        });
        return command;
    }

    private Command Describe()
    {
        var kind = new Argument<string>("KIND") { Description = "Kind, plural or short name; KIND/NAME too." };
        var name = new Argument<string>("NAME") { Description = "The resource.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("describe", "Show one resource with what the controller found about it.") { kind, name, space };
        Run(command, (session, parsed) =>
        {
            var (wanted, named) = Split(parsed.GetValue(kind)!, parsed.GetValue(name));
            return DescribeCommand.RunAsync(session, wanted, named ?? throw new UsageException("give the name"), parsed.GetValue(space) ?? session.Client.Namespace);
        });
        return command;
    }

    private Command Check()
    {
        var command = new Command("check", "Look for problems of controller, nodes, workloads and configuration, and say what to do.");
        Run(command, (session, _) => CheckCommand.RunAsync(session, TimeProvider.System));
        return command;
    }

    private Command Token()
    {
        var ttl = new Option<string>("--ttl") { Description = "How long it can be used, e.g. 30m. Default: 1h.", HelpName = "DURATION" };
        var node = new Option<string>("--node") { Description = "Only for the node of this name.", HelpName = "NAME" };
        var uses = new Option<int>("--uses") { Description = "How many machines may use it.", DefaultValueFactory = _ => 1 };
        var create = new Command("create", "Make a token with which a machine joins the mesh.") { ttl, node, uses };
        Run(create, (session, parsed) => TokenCommand.CreateAsync(session, parsed.GetValue(ttl), parsed.GetValue(node), parsed.GetValue(uses)));
        return new Command("token", "Join tokens.") { create };
    }

    private Command List(string kind, string description)
    {
        var command = new Command(kind, description) { format };
        Run(command, (session, parsed) => GetCommand.RunAsync(session, new GetOptions(kind, null, null, null, parsed.GetValue(format)!, false)));
        return command;
    }

    private Command Version()
    {
        var command = new Command("version", "Versions of meshctl and the controller.");
        Run(command, (session, _) => VersionCommand.RunAsync(session));
        return command;
    }

    private void Run(Command command, Func<Session, ParseResult, Task<int>> action) => command.SetAction(async (parsed, _) =>
    {
        try
        {
            using var session = new Session(new ApiClient(Kubeconfig.Load(parsed.GetValue(kubeconfig))), output, errors);
            return await action(session, parsed);
        }
        catch (UsageException wrong)
        {
            errors.WriteLine($"meshctl: {wrong.Message}");
            return ExitCodes.BadUsage;
        }
        catch (ApiFailure failure)
        {
            errors.WriteLine($"meshctl: {failure.Message}");
            return ExitCodes.Failed;
        }
    });

    private static (string Kind, string? Name) Split(string kind, string? name) =>
        name is null && kind.Split('/') is [var before, var after] ? (before, after) : (kind, name);
}
