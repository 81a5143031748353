"""A small bot by discord.py, for the local Discord: API_URL, GATEWAY_URL and TOKEN come from the environment.

It writes a line of JSON to stdout for what happens to it, and the test reads along.
"""

import io
import json
import os

import discord
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

Route.BASE = f"{os.environ['API_URL']}/v10"
# discord.py never asks for the gateway's address.
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["GATEWAY_URL"])


def tell(**event: object) -> None:
    print(json.dumps(event), flush=True)


class Form(discord.ui.Modal, title="A form"):
    name = discord.ui.TextInput(label="Name", min_length=2, max_length=40)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Hello {self.name.value}", ephemeral=True)


class Panel(discord.ui.View):
    def __init__(self) -> None:
        super().__init__(timeout=None)

    @discord.ui.button(label="Press", custom_id="press", style=discord.ButtonStyle.primary)
    async def press(self, interaction: discord.Interaction, _button: discord.ui.Button) -> None:
        await interaction.response.edit_message(content="pressed")

    @discord.ui.button(label="Write", custom_id="write")
    async def write(self, interaction: discord.Interaction, _button: discord.ui.Button) -> None:
        await interaction.response.send_modal(Form())

    @discord.ui.select(
        placeholder="Pick",
        custom_id="pick",
        max_values=2,
        options=[discord.SelectOption(label=label, value=label.lower()) for label in ("One", "Two", "Three")],
    )
    async def pick(self, interaction: discord.Interaction, select: discord.ui.Select) -> None:
        await interaction.response.send_message("picked " + ", ".join(select.values))

    @discord.ui.select(cls=discord.ui.UserSelect, placeholder="Who", custom_id="who")
    async def who(self, interaction: discord.Interaction, select: discord.ui.UserSelect) -> None:
        await interaction.response.send_message("who " + ", ".join(user.display_name for user in select.values))


class Bot(discord.Client):
    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), allowed_mentions=discord.AllowedMentions.none())
        self.tree = app_commands.CommandTree(self)

    async def setup_hook(self) -> None:
        self.add_view(Panel())
        await self.tree.sync()

    async def on_ready(self) -> None:
        tell(event="ready", guilds=[guild.name for guild in self.guilds])

    async def on_resumed(self) -> None:
        tell(event="resumed")

    async def on_thread_create(self, thread: discord.Thread) -> None:
        tell(event="thread", name=thread.name)

    async def on_message(self, message: discord.Message) -> None:
        if message.author.id == self.user.id or "please" not in message.content:
            return
        # Ids go out as integers: mentions, the answered message, the thread.
        async with message.channel.typing():
            mentions = discord.AllowedMentions(users=[message.author])
            await message.reply(f"Here, {message.author.mention}", allowed_mentions=mentions)


bot = Bot()


@bot.tree.command(description="Answers with the file that came")
@app_commands.describe(clip="A recording", piece="A name")
async def similar(interaction: discord.Interaction, clip: discord.Attachment, piece: str = "") -> None:
    await interaction.response.defer(thinking=True)
    data = await clip.read()
    file = discord.File(io.BytesIO(data[::-1]), filename="answer.bin", description="Turned round")
    message = await interaction.edit_original_response(content=f"{clip.filename} {piece}", attachments=[file])
    again = await interaction.original_response()
    tell(event="answered", same=message.id == again.id, size=message.attachments[0].size)
    await interaction.followup.send(embed=discord.Embed(title="More", description="a follow-up"))


@similar.autocomplete("piece")
async def complete(_interaction: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
    names = ["Prelude", "Presto", "Fugue"]
    return [app_commands.Choice(name=name, value=name.lower()) for name in names if name.lower().startswith(typed)]


@bot.tree.command(description="Shows buttons and selects")
@app_commands.default_permissions(manage_guild=True)
async def panel(interaction: discord.Interaction) -> None:
    response = await interaction.response.send_message("A panel", view=Panel())
    tell(event="panel", message=str(response.message_id))


@bot.tree.context_menu(name="Quote")
async def quote(interaction: discord.Interaction, message: discord.Message) -> None:
    snapshots = [snapshot.content for snapshot in message.message_snapshots]
    await interaction.response.send_message(f"> {message.content}{''.join(snapshots)}")


@bot.tree.error
async def on_error(_interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
    tell(event="error", text=repr(error))


bot.run(os.environ["TOKEN"], log_level=30)
